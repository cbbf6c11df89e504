"""Holes in real files of thirty languages: what the guard makes of the model's drafts, before a change of it and after.

  python -m sfm2.corpus.packages benchmarks/realfiles.tune.txt FOLDER        the packages, once
  python benchmarks/realfiles.py draft benchmarks/realfiles.tune.txt FOLDER DRAFTS.jsonl
                                                cuts holes, and asks for each as an editor does, but with the guard off
  python benchmarks/realfiles.py replay DRAFTS.jsonl REPLAYED.jsonl          what this checkout's guard makes of the drafts
  python benchmarks/realfiles.py ask DRAFTS.jsonl REPLAYED.jsonl ANSWERS.jsonl
                                                asks, with the guard, for those that get a second try; takes the others over
  python benchmarks/realfiles.py record benchmarks/realfiles.tune.txt FOLDER RESULTS.jsonl
                                                asks with the guard, and writes results as `sfm2 eval run` does: for the
                                                calibration of confidence
  python benchmarks/realfiles.py compare DRAFTS.jsonl BEFORE.jsonl [AFTER.jsonl]      either may be DRAFTS.jsonl itself

Replaying needs no model and has no noise: what differs between two checkouts is the guard's doing. But more is empty than
people see, because who gets nothing is answered by a second try: that is what `ask` adds. The packages of
`realfiles.tune.txt` are for looking at, those of `realfiles.report.txt` for deciding. Without `--url` the models in this
process are asked; asking goes on where it was broken off. How answers are judged: `Judged`. The figures go into LOG.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from sfm2.completer import AsyncCompleter
from sfm2.config import Settings, load
from sfm2.core.assembler import StreamAssembler
from sfm2.core.resolve import resolve_completion
from sfm2.corpus import packages
from sfm2.corpus.package_holes import FileForm, PackageHole, sample
from sfm2.corpus.text_holes import KINDS
from sfm2.evals.asking import Asking, alone, in_process, over_http
from sfm2.evals.items import Item
from sfm2.evals.judging import Judged, judged
from sfm2.evals.results import ResultsFile
from sfm2.evals.running import Arm, EvalRun, header, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.evals.statistics import bootstrap, mcnemar, sign_flip
from sfm2.generation import TokenChunk
from sfm2.types import CompleteRequest, Completion

LENGTH = 64  # tokens of a draft; most end before
CONTEXT = 600  # tokens around the hole that the model in this process reads: a third of the default, and of its time
AT_ONCE = 8  # requests
MOST_EMPTY = 0.05  # in a language
MOST_MORE_LINES = 0.12
FORMS: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
console = Console(width=None if sys.stdout.isatty() else 150)
Row = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """What the model wrote for a hole without the guard."""

    hole: PackageHole
    raw: Row
    """Its `text`, `finish_reason`, `tokens` and `logprobs`."""


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_drafts(path: Path) -> list[Draft]:
    names = [field.name for field in fields(PackageHole)]
    return [Draft(PackageHole(**{name: row[name] for name in names}), row["raw"]) for row in read(path)]


# Asking.


def cut(listed: Path, folder: Path, each: int, languages: str) -> list[PackageHole]:
    comments = FORMS["comments"]
    rows = FORMS["languages"].items()
    forms = {name: FileForm(tuple(row["names"]), comments[row["comments"]]) for name, row in rows}
    holes = sample(list(packages.read(listed)), folder, forms, each)
    return [hole for hole in holes if hole.language in languages.split(",")]


def request_for(hole: PackageHole, guard: bool) -> CompleteRequest:
    """The hole as an editor sends it: its path says what language it is in, or nothing does."""
    where = {"prefix": hole.prefix, "suffix": hole.suffix, "path": hole.path}
    how = {"temperature": 0, "seed": 0, "max_length": LENGTH, "guard": guard, "logprobs": not guard}
    return CompleteRequest.model_validate({**where, **how, "use_fallback": False})


def completer(url: str | None) -> AbstractAsyncContextManager[AsyncCompleter]:
    if url:
        return over_http(url, None, AT_ONCE)
    settings = alone(load().settings)
    generation = settings.generation.model_copy(update={"complete_context": CONTEXT})
    return in_process(settings.model_copy(update={"generation": generation}))


def missing(output: Path, holes: Iterable[PackageHole]) -> list[PackageHole]:
    """The holes that `output` has no row for yet."""
    done = {row["id"] for row in read(output)} if output.exists() else set()
    return [hole for hole in holes if hole.id not in done]


async def ask(
    holes: Iterable[PackageHole],
    output: Path,
    url: str | None,
    guard: bool,
    row_of: Callable[[PackageHole, Completion], Row],
) -> None:
    """Append a row for each hole to `output`. Raises the first error of the service."""
    waiting = iter(holes)
    async with completer(url) as service, asyncio.TaskGroup() as group:
        with output.open("a", encoding="utf-8") as file:

            async def worker() -> None:
                for hole in waiting:
                    answer = await service.submit(request_for(hole, guard))
                    file.write(json.dumps(row_of(hole, answer)) + "\n")
                    file.flush()

            await asyncio.gather(*(group.create_task(worker()) for _ in range(AT_ONCE)))


def drafted(hole: PackageHole, answer: Completion) -> Row:
    logprobs = [(token.text, token.logprob) for token in answer.logprobs or ()]
    written = {"text": answer.completion, "finish_reason": answer.finish_reason, "tokens": answer.tokens.completion}
    return {**asdict(hole), "raw": {**written, "logprobs": logprobs}, "weights": answer.weights}


def answered(hole: PackageHole, answer: Completion) -> Row:
    return {"id": hole.id, "text": answer.completion, "reasons": answer.guard.reasons, "confidence": answer.confidence}


def replayed(draft: Draft) -> Row:
    """What this checkout's guard makes of a draft."""
    assembler = StreamAssembler(*resolve_completion(request_for(draft.hole, guard=True), Settings()))
    tokens = [(text, logprob) for text, logprob in draft.raw["logprobs"] if logprob is not None]
    texts, logprobs = zip(*tokens, strict=True) if tokens else ((), ())
    chunk = TokenChunk(draft.raw["text"], logprobs, tokens=len(tokens), token_texts=texts)
    assembler.feed(replace(chunk, finish_reason=draft.raw["finish_reason"]))
    assembler.finish()
    result = assembler.result()
    reasons = [reason.value for reason in result.guard.reasons]
    return {"id": draft.hole.id, "text": result.text, "reasons": reasons, "again": result.retry_worthwhile}


async def record(holes: Sequence[PackageHole], output: Path, url: str | None) -> None:
    """The results of all holes that `output` does not have yet. Raises the service's error when it is unavailable."""
    items = [item_of(hole) for hole in holes]
    asking = Asking(max_length=LENGTH)
    async with completer(url) as service:
        first = await warm_up(service, asking)
        with ResultsFile(output, header("realfiles", items, asking, first, AT_ONCE)) as file:
            await EvalRun(service, Sandbox(), lambda _: None).ask_all(items, [Arm(asking, file)], AT_ONCE)


def item_of(hole: PackageHole) -> Item:
    return Item(
        id=hole.id,
        source=f"{hole.package}/{hole.path}",
        prefix=hole.prefix,
        suffix=hole.suffix,
        language=hole.language,
        kind=hole.kind,
        path=hole.path,
        expected=hole.expected,
    )


# Comparing.


class Measure(NamedTuple):
    """A column of the tables, in per cent."""

    name: str
    of: Callable[[Judged], float | None]
    more_is_better: bool = True


MEASURES = (
    Measure("parses", lambda one: one.parses),
    Measure("exact first line", lambda one: one.first),
    Measure("likeness", lambda one: one.likeness),
    Measure("empty", lambda one: one.empty, more_is_better=False),
    Measure("more lines", lambda one: one.more, more_is_better=False),
)


class Pair(NamedTuple):
    """The answers for a hole; with one file of answers, twice the same."""

    hole: PackageHole
    before: Judged
    after: Judged


def pairs_of(drafts: Sequence[Draft], before: Path, after: Path) -> Iterator[Pair]:
    first, second = ({row["id"]: row.get("raw", row)["text"] for row in read(path)} for path in (before, after))
    for hole in (draft.hole for draft in drafts):
        if hole.id in first and hole.id in second:
            yield Pair(hole, *(_judged(hole, texts[hole.id]) for texts in (first, second)))


def _judged(hole: PackageHole, text: str) -> Judged:
    return judged(hole.prefix, hole.expected, hole.suffix, text, hole.language)


def share(measure: Measure, found: Iterable[Judged]) -> float | None:
    values = [value for one in found if (value := measure.of(one)) is not None]
    return 100 * statistics.fmean(values) if values else None


def cell(measure: Measure, pairs: Sequence[Pair], paired: bool) -> str:
    sides = [[pair.before for pair in pairs], [pair.after for pair in pairs]]
    values = [share(measure, side) for side in (sides if paired else sides[:1])]
    return " > ".join("-" if value is None else f"{value:.0f}" for value in values)


def by(title: str, pairs: Sequence[Pair], group: Callable[[PackageHole], str], paired: bool) -> Table:
    """A row for each group, and one for all."""
    table = Table(title, "holes", *(measure.name for measure in MEASURES))
    order = [*FORMS["languages"], *KINDS]
    names = sorted({group(pair.hole) for pair in pairs}, key=order.index)
    groups = {name: [pair for pair in pairs if group(pair.hole) == name] for name in names}
    for name, mine in {**groups, "all": pairs}.items():
        table.add_row(name, str(len(mine)), *(cell(measure, mine, paired) for measure in MEASURES))
    return table


def differences(pairs: Sequence[Pair]) -> Table:
    """Each measure over the holes that have it before and after: the difference, its interval, and how many changed."""
    table = Table("paired", "holes", "before", "after", "difference", "95 % interval", "better", "worse", "p")
    for measure in MEASURES:
        values = ((pair.hole, measure.of(pair.before), measure.of(pair.after)) for pair in pairs)
        both = [(hole, 100.0 * old, 100.0 * new) for hole, old, new in values if old is not None and new is not None]
        steps = [new - old for _, old, new in both]
        low, high = bootstrap(steps, clusters=[(hole.package, hole.path) for hole, _, _ in both])
        up, down = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
        better, worse = (up, down) if measure.more_is_better else (down, up)
        p = sign_flip(steps) if measure.name == "likeness" else mcnemar(up, down)
        table.add_row(
            measure.name,
            str(len(both)),
            f"{statistics.fmean(old for _, old, _ in both):.1f}",
            f"{statistics.fmean(new for _, _, new in both):.1f}",
            f"{statistics.fmean(steps):+.1f}",
            f"{low:+.1f} to {high:+.1f}",
            str(better),
            str(worse),
            f"{p:.4f}" if p >= 0.0001 else "< 0.0001",
        )
    return table


def goals(pairs: Sequence[Pair]) -> Iterator[str]:
    languages = dict.fromkeys(pair.hole.language for pair in pairs)
    empty = {name: statistics.fmean(p.after.empty for p in pairs if p.hole.language == name) for name in languages}
    over = ", ".join(f"{name} {100 * value:.0f} %" for name, value in empty.items() if value > MOST_EMPTY)
    yield f"empty in at most {100 * MOST_EMPTY:.0f} % of a language: {'MISSED by ' + over if over else 'met'}"
    more = statistics.fmean(pair.after.more for pair in pairs if pair.after.more is not None)
    verdict = "met" if more <= MOST_MORE_LINES else "MISSED"
    yield f"more lines in at most {100 * MOST_MORE_LINES:.0f} %: {100 * more:.1f} %, {verdict}"


def show(drafts: Sequence[Draft], before: Path, after: Path | None) -> None:
    pairs = list(pairs_of(drafts, before, after or before))
    console.print(by("language", pairs, lambda hole: hole.language, after is not None))
    console.print(by("kind", pairs, lambda hole: hole.kind, after is not None))
    if after:
        console.print(differences(pairs))
    console.print("In per cent. `parses` and `more lines` are of the answers that are not empty.")
    console.print(*goals(pairs), sep="\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    names = ("draft", "replay", "ask", "record", "compare")
    draft, replay, again, recorded, compare = (commands.add_parser(name) for name in names)
    for command in (draft, recorded):
        command.add_argument("list", type=Path)
        command.add_argument("folder", type=Path)
        command.add_argument("--each", type=int, default=20, help="holes in each language")
        command.add_argument("--languages", default=",".join(FORMS["languages"]), help="separated by commas; else all")
    recorded.add_argument("results", type=Path)
    for command in (draft, replay, again, compare):
        command.add_argument("drafts", type=Path)
    for command in (replay, again):
        command.add_argument("replayed", type=Path)
    again.add_argument("answers", type=Path)
    for command in (draft, again, recorded):
        command.add_argument("--url", help="of a server; else the models in this process")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path, nargs="?")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.command in ("draft", "record"):
        holes = cut(given.list, given.folder, given.each, given.languages)
        if given.command == "record":
            asyncio.run(record(holes, given.results, given.url))
        else:
            asyncio.run(ask(missing(given.drafts, holes), given.drafts, given.url, guard=False, row_of=drafted))
        return
    drafts = read_drafts(given.drafts)
    if given.command == "replay":
        given.replayed.write_text("".join(json.dumps(replayed(draft)) + "\n" for draft in drafts), encoding="utf-8")
    elif given.command == "ask":
        known = {row["id"]: row for row in read(given.replayed)}
        if not given.answers.exists():
            settled = [json.dumps(row) + "\n" for row in known.values() if not row["again"]]
            given.answers.write_text("".join(settled), encoding="utf-8")
        holes = missing(given.answers, [draft.hole for draft in drafts if draft.hole.id in known])
        asyncio.run(ask(holes, given.answers, given.url, guard=True, row_of=answered))
    else:
        show(drafts, given.before, given.after)


if __name__ == "__main__":
    main()
