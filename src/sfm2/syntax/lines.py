"""Lines and their indentation, as columns: a tab goes to the next multiple of 8, as in Python's lexer."""

from __future__ import annotations

TAB = 8


def indent(line: str) -> int:
    """Columns of leading white space."""
    expanded = line[: len(line) - len(line.lstrip())].expandtabs(TAB)
    return len(expanded.rstrip("\r\n"))


def split_last(text: str) -> tuple[str, str]:
    """All complete lines, and what stands after the last line break."""
    cut = text.rfind("\n") + 1
    return text[:cut], text[cut:]


def first_solid(text: str) -> str:
    """The first line that is not blank, or nothing."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if line := text[start:end].strip():
            return text[start:end] if line else ""
        start = end + 1
    return ""
