"""Prompts in a model's own fill-in-the-middle form, as editors make them for a server that only goes on from a text.

They are taken apart again: the weights that answer may be others, and the guard has to know the hole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfm2.prompts import FAMILIES, Family
from sfm2.types import Snippet

_SPACED = ("codellama",)  # its marks have spaces around them, which belong to no text


@dataclass(frozen=True)
class Hole:
    prefix: str
    suffix: str
    path: str | None = None
    context: tuple[Snippet, ...] = ()


def hole_of(prompt: str) -> Hole | None:
    """None when it has no marks, or not in an order that anybody trains with."""
    found = (_hole(prompt, family) for family in FAMILIES)
    return next((hole for hole in found if hole is not None), None)


def _hole(prompt: str, family: Family) -> Hole | None:
    before, mark, marked = prompt.partition(family.prefix)
    if not mark or marked.count(family.suffix) != 1 or marked.count(family.middle) != 1:
        return None
    head, _, tail = marked.partition(family.suffix)
    if family.middle in head:
        return None
    suffix, _, begun = tail.partition(family.middle)
    if family.name in _SPACED:
        head, suffix = head.removeprefix(" ").removesuffix(" "), suffix.removesuffix(" ")
    # Prefix, suffix, middle; or suffix first, and what stands behind the middle's mark is the prefix (Bavarian et al.).
    prefix = head + begun
    *others, (path, rest) = _files(before, family) or [("", "")]
    context = tuple(Snippet(path=name, text=text) for name, text in others)
    return Hole(rest + prefix, suffix, path or None, context)


def _files(before: str, family: Family) -> list[tuple[str, str]]:
    """The files in front of the hole, path and text; the last one is its own."""
    if not family.file:
        return []
    parts = re.split(re.escape(family.file), before)[1:]
    return [(path.strip(), text) for path, _, text in (part.partition("\n") for part in parts)]
