"""How deep a YAML text is nested, at most: its grammar can't be asked, since depth is what it crashes on."""

from __future__ import annotations

import re

from sfm2.syntax.lines import indent

_ENTRIES = re.compile(r"[ \t]*((?:[-?:][ \t]+)*)")


def levels(text: str) -> int:
    """Blocks within blocks, by indentation and by the entries that one line opens."""
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
