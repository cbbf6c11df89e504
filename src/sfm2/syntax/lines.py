"""Lines of a text and their indentation in columns. A tab reaches to the next multiple of 8, as in Python's lexer."""

from __future__ import annotations

TAB = 8


def indent(line: str) -> int:
    """The width of the leading white space, in columns."""
    expanded = line[: len(line) - len(line.lstrip())].expandtabs(TAB)
    return len(expanded.rstrip("\r\n"))


def split_last(text: str) -> tuple[str, str]:
    """The text in two: up to and with the last line break, and the rest."""
    cut = text.rfind("\n") + 1
    return text[:cut], text[cut:]


def first_nonblank(text: str) -> str:
    """The first line that is not blank, without its line break; empty when there is none."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            return text[start:end]
        start = end + 1
    return ""
