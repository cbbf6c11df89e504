"""How deeply a YAML text is nested. Its grammar can't be asked, because depth is what it crashes on."""

from __future__ import annotations

import re

from sfm2.syntax.lines import indent

DEEPEST = 100  # levels that the grammar is asked about; it crashes on some hundred
_ENTRIES = re.compile(r"[ \t]*((?:[-?:][ \t]+)*)")


def levels(text: str) -> int:
    """An upper bound: blocks within blocks by indentation, plus the entries that one line opens (`- - - x`)."""
    deepest = 0
    open_columns: list[int] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        column = indent(line)
        while open_columns and open_columns[-1] >= column:
            open_columns.pop()
        open_columns.append(column)
        match = _ENTRIES.match(line)
        opened = len(match[1].split()) if match else 0
        deepest = max(deepest, len(open_columns) + opened)
    return deepest
