"""What of a repository is of use for a hole, the best first: definitions of what is named near the cursor, and passages that
are like the lines around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal, NamedTuple, Protocol

from sfm2.repository.contents import Definition, Passage
from sfm2.repository.query import Query

Reason = Literal["definition", "similar"]

DEFINITION_LINES = 25
"""The most lines of a definition that are shown."""
COMMON = 8
"""A name with more definitions than this tells nothing."""
_COUNTED = 2  # times as many are asked for: those in hidden files are not counted
DEFINITION_SHARE = 0.5
"""Of what is shown, by its characters."""
_PARTS = ("field", "member")
_KINDS = {"variable": 0.5, "field": 0.5, "member": 0.5}  # how much a definition of that kind counts; others: 1
_SIMILAR = 40  # passages that are looked at
_IMPORTED = 1.5  # how much more a name counts that is imported
_NEIGHBOUR = 1.3  # and a definition in the same folder, or in a file that is imported by its name


class Searched(Protocol):
    """What is asked of an index."""

    def definitions_of(self, names: Collection[str], limit: int = ..., most: int = ...) -> list[Definition]:
        """Where names are defined; not those with more than `most` definitions."""
        ...

    def search(self, words: Collection[str], limit: int = ...) -> list[tuple[Passage, float]]:
        """Passages with these words by BM25, the best first."""
        ...


class Found(NamedTuple):
    """A passage, and why it is shown."""

    passage: Passage
    reason: Reason


def retrieve(index: Searched, query: Query) -> list[Found]:
    """What may help, the most useful first; no line twice, and nothing of the hidden files."""
    defined = [Found(_shortened(passage), "definition") for passage in _defined(index, query)]
    return list(_without_repeats(_in_turn(defined, similar(index, query))))


def similar(index: Searched, query: Query) -> list[Found]:
    """The passages alone that are like the lines around the hole, the best first."""
    return [Found(passage, "similar") for passage in _similar(index, query)]


def _similar(index: Searched, query: Query) -> Iterator[Passage]:
    words = re.findall(r"[A-Za-z_$][\w$]+", query.near)
    for passage, _ in index.search(words, _SIMILAR):
        if passage.path not in query.hidden:
            yield passage


def _defined(index: Searched, query: Query) -> list[Passage]:
    """The definitions of names near the cursor, the likeliest to be meant first."""
    by_name: dict[str, list[Definition]] = defaultdict(list)
    for definition in index.definitions_of(query.names.keys(), COMMON * len(query.names), _COUNTED * COMMON):
        if definition.passage.path not in query.hidden:
            by_name[definition.name].append(definition)
    rated = [
        (_weight(definition, query) / len(found) ** 0.5, definition.passage)
        for found in by_name.values()
        if len(found) <= COMMON
        for definition in found
    ]
    return [passage for weight, passage in sorted(rated, key=lambda one: -one[0]) if weight > 0]


def _weight(definition: Definition, query: Query) -> float:
    weight = query.names[definition.name] * _KINDS.get(definition.kind, 1)
    if definition.kind in _PARTS and definition.parent not in query.names:
        return 0  # another's field with a common name
    if definition.name in query.imported:
        weight *= _IMPORTED
    path = PurePosixPath(definition.passage.path)
    if query.path and path.parent == PurePosixPath(query.path).parent:
        weight *= _NEIGHBOUR
    if path.stem in query.imported or path.parent.name in query.imported:
        weight *= _NEIGHBOUR
    return weight


def _shortened(passage: Passage) -> Passage:
    lines = passage.text.split("\n")
    if len(lines) <= DEFINITION_LINES:
        return passage
    last = passage.first + DEFINITION_LINES - 1
    return Passage(passage.path, passage.first, last, "\n".join(lines[:DEFINITION_LINES]))


def _in_turn(defined: Sequence[Found], similar: Sequence[Found]) -> Iterator[Found]:
    """Both lists, so that at every place each has its share of the characters so far."""
    of_defined = of_similar = 0
    left, right = iter(defined), iter(similar)
    one, other = next(left, None), next(right, None)
    while one or other:
        if one and (not other or of_defined <= DEFINITION_SHARE * (of_defined + of_similar)):
            of_defined += len(one.passage.text)
            yield one
            one = next(left, None)
        elif other:
            of_similar += len(other.passage.text)
            yield other
            other = next(right, None)


def _without_repeats(found: Iterator[Found]) -> Iterator[Found]:
    shown: dict[str, list[Passage]] = defaultdict(list)
    for one in found:
        passage = one.passage
        if not any(passage.first <= other.last and other.first <= passage.last for other in shown[passage.path]):
            shown[passage.path].append(passage)
            yield one
