"""What an example is shown of the rest of its repository, as the service finds it for a hole: so a model learns to read it.

A part of the examples stands alone, and a part gets what is found without knowing what stood in the hole, which often does
not help: a model must learn what to leave alone, too. The rest gets what is found with the beginning of what stood there, as
a first draft that is on the right way finds it (`core/second_look.py`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from random import Random
from typing import NamedTuple

from sfm2.corpus.example import Example
from sfm2.corpus.files import text_of
from sfm2.corpus.holes import HoleSpan
from sfm2.errors import RepositoryError
from sfm2.generation import Excerpt
from sfm2.prompts import CHARACTERS_PER_TOKEN, without_secrets
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.retrieval import retrieve

ALONE = 0.4
"""The share of examples that are shown nothing."""
DRAFTED = 0.5
"""Of the others, the share for which is looked with the beginning of what stood in the hole."""
TOKENS = (250, 1_000)
"""About as many are shown at most, drawn uniformly; the service shows 1,000."""


class PlacedExample(NamedTuple):
    """An example, and the hole that it was cut out of."""

    example: Example
    folder: Path
    """The repository."""
    name: PurePosixPath
    """The file's path in it."""
    hole: HoleSpan


def with_context(placed: Sequence[PlacedExample], seed: int) -> list[Example]:
    """The examples, in the same order, with what they are shown. A repository that can't be indexed shows nothing."""
    shown = dict(_shown(sorted(enumerate(placed), key=lambda one: one[1].folder), seed))
    return [replace(one.example, context=shown.get(number, ())) for number, one in enumerate(placed)]


def _shown(placed: Iterable[tuple[int, PlacedExample]], seed: int) -> Iterator[tuple[int, tuple[Excerpt, ...]]]:
    """By the numbers of the examples, which are sorted by folders."""
    for folder, group in groupby(placed, key=lambda one: one[1].folder):
        with _index_of(folder) as index:
            if index is not None:
                yield from ((number, _beside(index, one, seed)) for number, one in group)


@contextmanager
def _index_of(folder: Path) -> Iterator[RepositoryIndex | None]:
    with tempfile.TemporaryDirectory(prefix="sfm2-examples-") as work:
        try:
            index = RepositoryIndex.open(folder, Path(work) / "index.sqlite")
            index.update()
        except RepositoryError:
            yield None
            return
        with index:
            yield index


def _beside(index: RepositoryIndex, one: PlacedExample, seed: int) -> tuple[Excerpt, ...]:
    """What is shown beside a hole, the most useful last; never of its own file."""
    random = Random(f"{seed} {one.example.source} {one.hole}")
    text = text_of(one.folder / one.name)
    if text is None or random.random() < ALONE:
        return ()
    middle = one.example.middle
    draft = middle[: random.randrange(len(middle) + 1)] if random.random() < DRAFTED else ""
    suffix = "" if one.example.kind == "forward" else text[one.hole.end :]
    path = str(one.name)
    query = Query(text[: one.hole.start], suffix, one.example.language, path, frozenset({path}), draft)
    room = random.randint(*TOKENS) * CHARACTERS_PER_TOKEN
    found = (each.passage for each in pack(retrieve(index, query), room))
    return tuple(Excerpt(without_secrets(each.text), each.path, each.first, each.last) for each in found)
