"""Prompts in a model's own fill-in-the-middle form, as editors write them for servers that only continue a text.

They are parsed back into prefix and suffix: other weights may answer, and the guard has to know the hole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfm2.prompts import FAMILIES, Family
from sfm2.requests import build
from sfm2.types import Snippet

_SPACED = ("codellama",)  # Its special tokens have spaces around them, which belong to no text.


@dataclass(frozen=True)
class FimPrompt:
    """What a fill-in-the-middle prompt says."""

    prefix: str
    suffix: str
    path: str | None = None
    """The file's name, if the prompt has it"""
    context: tuple[Snippet, ...] = ()
    """Other files in the prompt"""


def parse_fim_prompt(prompt: str) -> FimPrompt | None:
    """None if the prompt has no special tokens of a known form, or not in an order that models are trained with.

    Raises `InvalidRequestError` for the name of a file that is none.
    """
    found = (_parse(prompt, family) for family in FAMILIES)
    return next((parsed for parsed in found if parsed is not None), None)


def _parse(prompt: str, family: Family) -> FimPrompt | None:
    before, token, rest = prompt.partition(family.prefix)
    if not token or rest.count(family.suffix) != 1 or rest.count(family.middle) != 1:
        return None
    head, _, tail = rest.partition(family.suffix)
    if family.middle in head:
        return None
    suffix, _, begun = tail.partition(family.middle)
    if family.name in _SPACED:
        head, suffix = head.removeprefix(" ").removesuffix(" "), suffix.removesuffix(" ")
    # Prefix, suffix, middle; or suffix first, and then the prefix follows the middle's special token (Bavarian et al.).
    prefix = head + begun
    *others, (path, text) = _files(before, family) or [("", "")]
    context = tuple(build(Snippet, {"path": name, "text": code}) for name, code in others)
    return FimPrompt(text + prefix, suffix, path or None, context)


def _files(before: str, family: Family) -> list[tuple[str, str]]:
    """Path and text of the files before the hole; the last one is the hole's own."""
    if not family.file:
        return []
    parts = re.split(re.escape(family.file), before)[1:]
    return [(path.strip(), text) for path, _, text in (part.partition("\n") for part in parts)]
