"""From a source file to training examples: syntax nodes, whole lines, character spans, and holes without a suffix.

- Nodes (or adjacent siblings), because holes in editors are mostly whole expressions and statements (Gong et al. 2025,
  "Structure-aware fill-in-the-middle pretraining for code").
- Lines, half of them single, and spans. From nodes alone a model learns that a completion ends at the end of a line, that an
  `if` comes with its body, and that no suffix begins within a word (measured in benchmarks/LOG.md).
- Forward: blocks without a suffix, so that a prefix alone is completed too, up to the end of the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sfm2.corpus.example import Example, Kind
from sfm2.corpus.holes import HoleSpan
from sfm2.corpus.tree_holes import TreeFile
from sfm2.syntax.window import trim

SHARES: dict[Kind, float] = {"node": 0.4, "lines": 0.3, "span": 0.15, "forward": 0.15}
"""The probability of each kind of example."""
_TRIES = 20  # draws for one example
_PREFIX_SHARES = (0.4, 0.8)  # the prefix's share of the characters around a hole, drawn uniformly


def examples(
    file: TreeFile, source: str, language: str, count: int, around: tuple[int, int], random: Random
) -> Iterator[tuple[Example, HoleSpan]]:
    """At most `count` examples from `file`, all of different holes, each with its hole.

    `source` and `language` are copied into them. `around` is the smallest and the largest number of characters of prefix
    and suffix together; each example's is drawn uniformly.
    """
    blocks = file.holes("block", random)
    seen: set[tuple[Kind, HoleSpan]] = set()
    for _ in range(count):
        kind, hole = _drawn(file, blocks, random)
        if hole is None or (kind, hole) in seen:
            continue
        seen.add((kind, hole))
        room, share = random.randint(*around), random.uniform(*_PREFIX_SHARES)
        yield _example(file.text, source, language, kind, hole, room, share), hole


def _drawn(file: TreeFile, blocks: list[HoleSpan], random: Random) -> tuple[Kind, HoleSpan | None]:
    [kind] = random.choices(list(SHARES), list(SHARES.values()))
    for _ in range(_TRIES):
        if hole := _hole(kind, file, blocks, random):
            return kind, hole
    return kind, None


def _hole(kind: Kind, file: TreeFile, blocks: list[HoleSpan], random: Random) -> HoleSpan | None:
    if kind == "node":
        return file.node(random)
    if kind == "lines":
        return file.rows(random)
    if kind == "span":
        return file.span(random)
    return random.choice(blocks) if blocks else None


def _example(text: str, source: str, language: str, kind: Kind, hole: HoleSpan, around: int, share: float) -> Example:
    suffix = "" if kind == "forward" else text[hole.end :]
    prefix, suffix = trim(text[: hole.start], suffix, around, share)
    return Example(kind, language, source, prefix, text[hole.start : hole.end], suffix)
