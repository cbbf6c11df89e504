"""The usual list of stop texts, applied to raw HumanEval completions: the common alternative to the guard.

`python benchmarks/stop_list.py raw.jsonl stopped.jsonl` cuts the unguarded completions of `sfm2 eval run humaneval --paired`
at the first stop text, runs the tests again, and writes results that `sfm2 eval compare` reads. The texts are those of
Chen et al. 2021 ("Evaluating large language models trained on code", section 2.1), and a code fence for chat models.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from sfm2.evals.grading import parses_in_place
from sfm2.evals.items import Item, Record
from sfm2.evals.results import ResultsFile, read
from sfm2.evals.sandbox import Program, Sandbox
from sfm2.evals.suites import humaneval

STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint", "\n```")


def stopped(text: str) -> str:
    return text[: min((at for stop in STOPS if (at := text.find(stop)) >= 0), default=len(text))]


async def regraded(record: Record, item: Item, sandbox: Sandbox) -> Record:
    text = stopped(record.completion)
    outcome = await sandbox.run(Program(item.prefix + text + item.suffix, item.test or "", item.entry_point))
    return replace(
        record,
        completion=text,
        empty=not text.strip(),
        passed=outcome.passed,
        parses=parses_in_place(item, text),
        error=outcome.error,
    )


async def main(raw: Path, output: Path) -> None:
    results, sandbox = read(raw), Sandbox()
    items = {item.id: item for item in humaneval.load(None, None)}
    header = replace(results.header, settings={**results.header.settings, "stop": list(STOPS)})
    with ResultsFile(output, header) as file:
        for record in await asyncio.gather(*(regraded(one, items[one.id], sandbox) for one in results.records)):
            file.append(record)
    passed = sum(bool(record.passed) for record in file.records.values())
    print(f"pass@1 {passed} of {len(file.records)}, {100 * passed / len(file.records):.1f} %")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
