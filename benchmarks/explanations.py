"""How many explanations are right: code of which is known what an explanation of it must and must not say.

`explanations.toml` has the code, and both as patterns. Prompts were chosen on its first half ("choose"); figures are taken
on the other ("report"). Counted are: right in the model's words alone; right in the words with the facts beside them (what
the words must say may stand in either); something false in the words. Patterns are coarse: `--show` prints every answer, to
be read. Run it with `python benchmarks/explanations.py report`; the figures go into LOG.md.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import time
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sfm2.config import load
from sfm2.core import AsyncModelManager
from sfm2.errors import ModelUnavailableError
from sfm2.types import Explanation
from sfm2.wording import fact_lines

SNIPPETS = Path(__file__).with_suffix(".toml")
TRIES = 10
PATIENCE = 3600.0  # seconds for one answer: the machine may be busy
console = Console(width=None if Console().is_terminal else 120)


@dataclass(frozen=True)
class Snippet:
    """Code, and the patterns that are, and are not, found in a right explanation of it."""

    name: str
    language: str
    half: str
    code: str
    must: tuple[str, ...]
    never: tuple[str, ...]

    def missing(self, text: str) -> list[str]:
        """What is not said."""
        return [pattern for pattern in self.must if not _found(pattern, text)]

    def false(self, text: str) -> list[str]:
        """What is said and not so."""
        return [pattern for pattern in self.never if _found(pattern, text)]


@dataclass(frozen=True)
class Judged:
    """An answer, judged."""

    snippet: Snippet
    answer: Explanation
    seconds: float

    @property
    def is_false(self) -> bool:
        return bool(self.snippet.false(self.answer.explanation))

    @property
    def is_right(self) -> bool:
        """In the model's words alone."""
        return not self.is_false and not self.snippet.missing(self.answer.explanation)

    @property
    def is_right_with_facts(self) -> bool:
        beside = "\n".join([self.answer.explanation, *fact_lines(self.answer.facts)])
        return not self.is_false and not self.snippet.missing(beside)


def snippets(half: str) -> list[Snippet]:
    rows: list[dict[str, Any]] = tomllib.loads(SNIPPETS.read_text(encoding="utf-8"))["snippets"]
    made = [Snippet(**{**row, "must": tuple(row["must"]), "never": tuple(row["never"])}) for row in rows]
    return [one for one in made if half in ("all", one.half)]


async def judged(chosen: Sequence[Snippet], at_once: int, language: bool) -> list[Judged]:
    gate = asyncio.Semaphore(at_once)

    async def ask(manager: AsyncModelManager, snippet: Snippet) -> Judged:
        async with gate:
            started = time.perf_counter()
            named = {"language": snippet.language} if language else {}
            answer = await insisting(lambda: manager.explain(snippet.code, **named))
            return Judged(snippet, answer, time.perf_counter() - started)

    async with AsyncModelManager(
        load({"generation.timeout": PATIENCE}, environment={}).settings, patient=True
    ) as manager:
        return list(await asyncio.gather(*(ask(manager, snippet) for snippet in chosen)))


async def insisting(ask: Callable[[], Awaitable[Explanation]]) -> Explanation:
    """On a machine that is overloaded the engine is given up and started again."""
    for _ in range(TRIES):
        try:
            return await ask()
        except ModelUnavailableError as error:
            console.print(f"again: {error}"[:160], style="dim", markup=False)
            await asyncio.sleep(5)
    return await ask()


def report(found: Sequence[Judged], *, show: bool) -> None:
    if show:
        for one in found:
            console.print(
                f"[bold]{one.snippet.name}[/] ({one.snippet.language}), confidence {one.answer.confidence:.2f}"
            )
            console.print(one.answer.explanation, highlight=False, markup=False)
            console.print(f"missing {one.snippet.missing(one.answer.explanation)}", markup=False)
            console.print(f"false {one.snippet.false(one.answer.explanation)}\n", markup=False)
    table = Table("", "of", "right in words", "right with facts", "something false", "tokens, mean", "seconds, median")
    for name in ["all", *sorted({one.snippet.language for one in found})]:
        rows = [one for one in found if name in ("all", one.snippet.language)]
        counts = [sum(one.is_right for one in rows), sum(one.is_right_with_facts for one in rows)]
        counts.append(sum(one.is_false for one in rows))
        tokens = statistics.mean(one.answer.tokens.completion for one in rows)
        seconds = statistics.median(one.seconds for one in rows)
        table.add_row(name, str(len(rows)), *map(str, counts), f"{tokens:.0f}", f"{seconds:.1f}")
    console.print(table)
    right = [one.answer.confidence for one in found if one.is_right_with_facts]
    wrong = [one.answer.confidence for one in found if not one.is_right_with_facts]
    if right and wrong:
        pairs = [(a > b) + 0.5 * (a == b) for a in right for b in wrong]
        console.print(
            f"confidence: mean {statistics.mean(right):.2f} of the right, {statistics.mean(wrong):.2f} of the others; "
            f"AUROC {statistics.mean(pairs):.2f}"
        )


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("half", choices=["choose", "report", "all"])
    parser.add_argument("--at-once", type=int, default=4, help="requests at a time (default 4)")
    parser.add_argument("--unnamed", action="store_true", help="do not say in which language the code is")
    parser.add_argument("--show", action="store_true", help="print every answer")
    given = parser.parse_args()
    report(asyncio.run(judged(snippets(given.half), given.at_once, not given.unnamed)), show=given.show)


if __name__ == "__main__":
    main()
