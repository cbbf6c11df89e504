"""Files whose text is never sent. The editor core has the same rule in `editors/core/src/exclusion.ts`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

_TOKEN = re.compile(r"\*+|\?|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|.", re.DOTALL)


def is_excluded(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names the file.

    `*` matches any characters, `?` one, `[...]` one of a set, `{a,b}` one of a list. A pattern without
    folders, apart from a leading `**/`, is compared with the file's name; any other with the end of its path, where `*`
    crosses folders: a pattern excludes rather more than less.
    """
    normal = path.replace("\\", "/")
    return any(_expression(pattern).search(normal) for pattern in patterns)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("**/")
    start = "^" if pattern.startswith("/") else "(^|/)"
    # In a pattern without folders nothing crosses one: it is compared with the name alone.
    return re.compile(start + _translated(pattern, "." if "/" in pattern else "[^/]") + r"\Z", re.DOTALL)


def _translated(pattern: str, any_character: str) -> str:
    """As a regular expression."""
    return "".join(_one(piece, any_character) for piece in _TOKEN.findall(pattern))


def _one(piece: str, any_character: str) -> str:
    if piece.startswith("*"):
        return any_character + "*"
    if piece == "?":
        return any_character
    if len(piece) > 1 and piece.startswith("["):
        return _set(piece[1:-1])
    if len(piece) > 1 and piece.startswith("{"):
        return f"(?:{'|'.join(_translated(part, any_character) for part in piece[1:-1].split(','))})"
    return re.escape(piece)


def _set(characters: str) -> str:
    negated = characters.startswith(("!", "^"))
    escaped = re.sub(r"[\\\]\[^]", r"\\\g<0>", characters[1:] if negated else characters)
    return f"[{'^' if negated else ''}{escaped}]"
