"""From a source file to examples: nodes of the syntax tree or aligned siblings, whole lines, spans, and forward.

Nodes because holes in editors are mostly whole expressions and statements (Gong et al. 2025, "Structure-aware
fill-in-the-middle pretraining for code"). But with nodes alone a model learns that a line's end is an answer's end, that an
`if` comes with its body, and that no suffix begins within a word: measured in benchmarks/LOG.md. Hence the lines, half of
them single, and the spans. Forward ones so that a prefix alone is completed too, and ends where the block ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sfm2.corpus.example import Example, Kind
from sfm2.corpus.holes import Hole
from sfm2.corpus.tree_holes import TreeFile
from sfm2.syntax.window import trim

SHARES: dict[Kind, float] = {"node": 0.4, "lines": 0.3, "span": 0.15, "forward": 0.15}
_TRIES = 20  # draws for one example
_PREFIX_SHARES = (0.4, 0.8)  # of the characters around a hole


def examples(
    file: TreeFile, source: str, language: str, count: int, rooms: tuple[int, int], random: Random
) -> Iterator[Example]:
    """`count` at most, no two of one hole. `rooms`: characters of prefix and suffix together, at least and at most."""
    blocks = file.holes("block", random)
    seen: set[tuple[Kind, Hole]] = set()
    for _ in range(count):
        kind, hole = _drawn(file, blocks, random)
        if hole is None or (kind, hole) in seen:
            continue
        seen.add((kind, hole))
        around = random.randint(*rooms)
        yield _example(file.text, source, language, kind, hole, around, random.uniform(*_PREFIX_SHARES))


def _drawn(file: TreeFile, blocks: list[Hole], random: Random) -> tuple[Kind, Hole | None]:
    [kind] = random.choices(list(SHARES), list(SHARES.values()))
    for _ in range(_TRIES):
        if hole := _hole(kind, file, blocks, random):
            return kind, hole
    return kind, None


def _hole(kind: Kind, file: TreeFile, blocks: list[Hole], random: Random) -> Hole | None:
    if kind == "node":
        return file.node(random)
    if kind == "lines":
        return file.rows(random)
    if kind == "span":
        return file.span(random)
    return random.choice(blocks) if blocks else None


def _example(text: str, source: str, language: str, kind: Kind, hole: Hole, room: int, share: float) -> Example:
    suffix = "" if kind == "forward" else text[hole.end :]
    prefix, suffix = trim(text[: hole.start], suffix, room, share)
    return Example(kind, language, source, prefix, text[hole.start : hole.end], suffix)
