"""What the guard costs and what it saves: completions with it and without, on the same weights, in one run.

Each item is sent twice in a row, in alternating order, one request at a time:
  raw       everything that the model writes, up to `--max-length` tokens
  guarded   read through the guard, which stops the model where the completion ends
The guard's cost is the time spent in it, as a share of all other time until the completion is finished. The second try after
a useless completion is left out: it is the model's time, which `sfm2 eval run` measures.
Run it with `python benchmarks/guard.py single-line=FOLDER_OF_DATA repo=FOLDER_OF_CODE`; the figures go into LOG.md.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sfm2.backends.base import Backend
from sfm2.config import load
from sfm2.core import registry
from sfm2.core.assembler import StreamAssembler
from sfm2.core.resolve import Resolved, resolve_completion
from sfm2.evals.asking import Asking, alone, request_for
from sfm2.evals.items import Item
from sfm2.evals.suites.registry import load as load_suite

SUITES = {"single-line": "infilling-single-line", "random-span": "infilling-random-span"}
MOST_ADDED = 0.03  # of the time of a completion
console = Console(width=None if sys.stdout.isatty() else 120)


@dataclass(frozen=True)
class Sample:
    """One completion."""

    seconds: float
    """The time until it is finished."""
    within: float
    """The part of that time that is spent in the guard."""
    tokens: int
    """The number of tokens that the model generated."""


async def read(backend: Backend, resolved: Resolved) -> Sample:
    assembler = StreamAssembler(*resolved)
    tokens, within = 0, 0.0
    started = time.perf_counter()
    async with aclosing(backend.stream(resolved.request)) as chunks:
        async for chunk in chunks:
            before = time.perf_counter()
            assembler.feed(chunk)
            within += time.perf_counter() - before
            tokens += chunk.tokens
            if assembler.ended:
                break
    before = time.perf_counter()
    assembler.finish()
    assembler.result()
    now = time.perf_counter()
    return Sample(now - started, within + now - before, tokens)


async def measure(model: str | None, items: Sequence[Item], max_length: int) -> list[tuple[Sample, Sample]]:
    """A pair for each item: raw, guarded."""
    settings = alone(load().settings)
    if model:
        sfm2 = settings.models.sfm2.model_copy(update={"model": model})
        settings = settings.model_copy(update={"models": settings.models.model_copy(update={"sfm2": sfm2})})
    [backend] = registry.build(settings)
    await backend.start()
    try:
        await backend.ready()
        requests = [
            [
                resolve_completion(request_for(item, Asking(guard=guard, max_length=max_length)), settings)
                for guard in (False, True)
            ]
            for item in items
        ]
        await read(backend, requests[0][1])
        return [await pair(backend, both, bool(number % 2)) for number, both in enumerate(requests)]
    finally:
        await backend.aclose()


async def pair(backend: Backend, requests: Sequence[Resolved], guarded_first: bool) -> tuple[Sample, Sample]:
    raw, guarded = requests
    if guarded_first:
        mine = await read(backend, guarded)
        return await read(backend, raw), mine
    return await read(backend, raw), await read(backend, guarded)


def row(name: str, pairs: Sequence[tuple[Sample, Sample]]) -> tuple[str, ...]:
    raw, guarded = [[pair[i] for pair in pairs] for i in (0, 1)]
    shares = sorted(sample.within / (sample.seconds - sample.within) for sample in guarded)
    whole = sum(sample.within for sample in guarded) / sum(sample.seconds - sample.within for sample in guarded)
    return (
        name,
        str(len(pairs)),
        f"{100 * whole:.2f} %",
        f"{100 * statistics.median(shares):.2f} %",
        f"{100 * shares[(len(shares) * 95 - 1) // 100]:.2f} %",
        f"{1000 * statistics.fmean(sample.within for sample in guarded):.1f}",
        *(f"{statistics.fmean(sample.tokens for sample in arm):.0f}" for arm in (raw, guarded)),
        *(f"{statistics.median(sample.seconds for sample in arm):.2f}" for arm in (raw, guarded)),
        "met" if whole <= MOST_ADDED else "MISSED",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "suites", nargs="+", metavar="SUITE=PATH", help="single-line, random-span or repo, and its data"
    )
    parser.add_argument("--model", help="default: the configured one")
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--max-length", type=int, default=160)
    given = parser.parse_args()
    table = Table("", "pairs", "guard adds", "median", "95th", "ms in the guard")
    for title in ("tokens raw", "guarded", "s raw", "guarded", f"at most {100 * MOST_ADDED:.0f} %"):
        table.add_column(title)
    for suite in given.suites:
        name, _, path = suite.partition("=")
        items = load_suite(SUITES.get(name, name), Path(path), given.items)
        table.add_row(*row(name, asyncio.run(measure(given.model, items, given.max_length))))
    console.print(table)
    console.print("`guard adds`: all time spent in it as a share of all other time. Tokens are means, seconds medians.")


if __name__ == "__main__":
    main()
