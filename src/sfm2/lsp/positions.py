"""Columns in the editor's units <-> indices of code points, within one line. The only place that converts. Pure.

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
    """How long `text` is for the editor. A lone surrogate counts as it stands."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    codec, size = _UNITS[encoding]
    return len(text.encode(codec, "surrogatepass")) // size


def index(line: str, column: int, encoding: Encoding) -> int:
    """The code point at `column` units. One past the end is the end; one within a character is the character."""
    if encoding == "utf-32" or line.isascii():
        return max(0, min(column, len(line)))
    return max(0, bisect.bisect_right(range(len(line) + 1), column, key=lambda i: units(line[:i], encoding)) - 1)
