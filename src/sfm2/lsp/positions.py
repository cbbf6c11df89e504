"""Converts columns in the editor's units to indices of code points and back, within one line. Pure.

LSP counts UTF-16 units unless editor and server agree on UTF-8 or UTF-32; Python counts code points.
"""

from __future__ import annotations

import bisect
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
_UNITS: dict[Encoding, tuple[str, int]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}


def units(text: str, encoding: Encoding) -> int:
    """The length of `text` in the editor's units. A lone surrogate counts as one character."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    codec, size = _UNITS[encoding]
    return len(text.encode(codec, "surrogatepass")) // size


def index(line: str, column: int, encoding: Encoding) -> int:
    """The index of the code point at `column` units. A column past the end is the end; one within a character is that
    character's index."""
    if encoding == "utf-32" or line.isascii():
        return max(0, min(column, len(line)))
    return max(0, bisect.bisect_right(range(len(line) + 1), column, key=lambda i: units(line[:i], encoding)) - 1)
