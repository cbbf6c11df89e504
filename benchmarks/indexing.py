"""What it takes to know a repository: building its index, a save, and looking for what helps at a place in it.

  python -m benchmarks.indexing REPOSITORY

The tree is copied first, since files are changed. Figures are of a machine with nothing else to do; they go into
LOG.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from sfm2.languages import of_path
from sfm2.repository.collection import IndexCollection
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query

SAVES, PLACES, CHARACTERS = 40, 120, 4_000
console = Console()


def build(index: RepositoryIndex) -> None:
    seconds = timed(index.update)
    size = index.size()
    console.print(
        f"{size.files:,} files, {size.lines:,} lines in {seconds:.1f} s: {size.lines / seconds:,.0f} lines a second, "
        f"{size.bytes / size.lines:.0f} MB for a million lines"
    )


def saves(root: Path, index: RepositoryIndex, chance: random.Random) -> Iterator[float]:
    """Seconds of each: one line more at the end of a file."""
    for path in chance.sample(index.paths(), SAVES):
        with (root / path).open("a", encoding="utf-8") as file:
            file.write("\n")
        yield timed(lambda path=path: index.update([path]))  # type: ignore[misc]


def lookups(root: Path, index: RepositoryIndex, cache: Path, chance: random.Random) -> Iterator[tuple[float, float]]:
    """Seconds at a new place, and with one character more there."""
    memory = RepositoryMemory(cache, watches=False)
    code = [path for path in index.paths() if len((index.text(path) or "").splitlines()) > 40]
    for path in chance.sample(code, PLACES):
        lines = (index.text(path) or "").splitlines(keepends=True)
        at = chance.randrange(20, len(lines) - 10)
        prefix, suffix = "".join(lines[:at]), "".join(lines[at + 1 :])
        yield (
            timed(lambda: ask(memory, root / path, prefix, suffix)),  # noqa: B023 - called right here
            timed(lambda: ask(memory, root / path, prefix + lines[at].strip()[:1], suffix)),  # noqa: B023
        )
    memory.close()


def ask(memory: RepositoryMemory, path: Path, prefix: str, suffix: str) -> None:
    memory.shown(Query(prefix, suffix, of_path(path.name), str(path)), CHARACTERS)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def show(name: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    half, most, longest = (value * 1000 for value in (cuts[9], cuts[18], max(seconds)))
    console.print(f"{name}: half within {half:.1f} ms, 95 % within {most:.1f} ms, the longest {longest:.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    given, chance = parser.parse_args().repository, random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "tree", Path(folder) / "cache"
        shutil.copytree(given, root, symlinks=True)
        with IndexCollection(cache).open(root) as index:
            build(index)
            show("a save", list(saves(root, index, chance)))
            new, again = zip(*lookups(root, index, cache, chance), strict=True)
        show("what helps at a new place", list(new))
        show("with one character more", list(again))
