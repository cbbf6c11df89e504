"""What opens, continues and defines, per language: short lists that no parser is needed for."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class BlockWords:
    """`opens`: how a line ends that begins a block. `continues`: words that go on with it at its own indentation.
    `defines`: a definition, with the new name as its group."""

    opens: re.Pattern[str]
    continues: frozenset[str]
    defines: re.Pattern[str]
    within: re.Pattern[str] = re.compile(r"(?!)")
    """Lines that stand at the margin of a block and are part of it: labels, cases."""


PYTHON = BlockWords(
    re.compile(r":\s*(#.*)?$"),
    frozenset({"elif", "else", "except", "finally", "case"}),
    re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)"),
)
_BRACES = BlockWords(
    re.compile(r"[{(\[]\s*(//.*)?$"),
    frozenset({"else", "catch", "finally", "case", "default", "while", "where"}),
    re.compile(r"(?:[\w<>\[\]*&,:.]+\s+)+[*&]?(\w+)"),
    re.compile(r"\w+\s*:$"),
)
_ENDED = BlockWords(
    re.compile(r"^\s*(def|class|module|function|local function|if|unless|while|for|case|do)\b|\b(do|then)\b|\{\s*$"),
    frozenset(
        {"else", "elsif", "elif", "elseif", "end", "fi", "done", "esac", "rescue", "ensure", "when", "then", "do"}
    ),
    re.compile(r"(?:local\s+)?(?:function\s+|def\s+|class\s+|module\s+)?(\w+)"),
    re.compile(r"[^()\s]+\)$"),
)
_BY_LANGUAGE = {
    "python": PYTHON,
    **dict.fromkeys(
        ("javascript", "typescript", "java", "go", "rust", "c", "cpp", "csharp", "php", "kotlin", "swift", "scala"),
        _BRACES,
    ),
    **dict.fromkeys(("css", "json"), _BRACES),
    **dict.fromkeys(("ruby", "bash", "lua"), _ENDED),
}


def words_of(language: str | None) -> BlockWords | None:
    """None for a language whose blocks are not known."""
    return _BY_LANGUAGE.get(language or "")
