"""Where a finished definition ends, so that nothing that follows it gets into a completion.

A short rule with a short word list per language, until the guard parses: once the block that the prompt opened has been
left, the first line back at its indentation ends the completion, unless the line belongs to the block (`else`, a closing
bracket) or defines a name that the code before it already used (a helper the definition needs).
What it does not cover: strings over several lines other than Python's, and brackets that close out of place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLOSER = re.compile(r"[)\]}>;,]")
_WORD = re.compile(r"\w+")
_DECIDED = re.compile(r"[(:={]")  # past the name that a line may define
_LONGEST_HEADER = 200  # characters; keeps the patterns below linear


@dataclass(frozen=True)
class BlockWords:
    """`opens`: how a line ends that begins a block. `continues`: words that go on with it at its own indentation.
    `defines`: a definition, with the new name as its group."""

    opens: re.Pattern[str]
    continues: frozenset[str]
    defines: re.Pattern[str]


_PYTHON = BlockWords(
    re.compile(r":\s*(#.*)?$"),
    frozenset({"elif", "else", "except", "finally", "case"}),
    re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)"),
)
_BRACES = BlockWords(
    re.compile(r"\{\s*(//.*)?$"),
    frozenset({"else", "catch", "finally", "case", "default", "while", "where"}),
    re.compile(r"(?:[\w<>\[\]*&,:.]+\s+)+[*&]?(\w+)"),
)
_ENDED = BlockWords(
    re.compile(r"^\s*(def|class|module|function|local function|if|unless|while|for|case|do)\b|\b(do|then)\b|\{\s*$"),
    frozenset(
        [
            "else",
            "elsif",
            "elif",
            "elseif",
            "end",
            "fi",
            "done",
            "esac",
            "rescue",
            "ensure",
            "when",
            "then",
            "do",
            "until",
        ]
    ),
    re.compile(r"(?:local\s+)?(?:function\s+|def\s+|class\s+|module\s+)?(\w+)"),
)
_BY_LANGUAGE = {
    "python": _PYTHON,
    **dict.fromkeys(
        ("javascript", "typescript", "java", "go", "rust", "c", "cpp", "csharp", "php", "kotlin", "swift", "scala"),
        _BRACES,
    ),
    **dict.fromkeys(("ruby", "bash", "lua"), _ENDED),
}


class BlockBoundary:
    """Feed it text in any pieces; it gives back what can no longer be taken back, and `ended` when the block is over.

    A line break is held until something follows it, so that a completion does not end in blank lines.
    """

    def __init__(self, prefix: str, language: str | None) -> None:
        self._words = _BY_LANGUAGE.get(language or "")
        self._seen, self._line = _split_last_line(prefix)
        self._level = _block_level(prefix, self._words) if self._words else None
        self._on_first_line = True
        self._held = ""
        self.ended = False

    def feed(self, text: str) -> str:
        if self._words is None:
            return text
        shown = ""
        for piece in re.findall(r"[^\n]*\n|[^\n]+", text):
            if self.ended:
                break
            shown += self._feed_line(piece, self._words)
        return shown

    def finish(self) -> str:
        """What was held back and turned out to be fit to show, at the end of the stream; blank lines at the end are not."""
        held, self._held = self._held, ""
        if self._words is None or self.ended or not self._line.strip():
            return ""
        self.ended = self._ends(self._line, self._words)
        return "" if self.ended else held

    def _feed_line(self, piece: str, words: BlockWords) -> str:
        self._line += piece
        complete = piece.endswith("\n")
        shown = self._judge(piece, complete, words)
        if complete:
            self._end_line(words)
        return shown

    def _judge(self, piece: str, complete: bool, words: BlockWords) -> str:
        if not self._on_first_line:
            if not self._line.strip() or not (complete or self._is_decided()):
                self._held += piece
                return ""
            self.ended = self._ends(self._line, words)
        if self.ended:
            return ""
        shown, self._held = self._held + piece.removesuffix("\n"), "\n" if complete else ""
        return shown

    def _is_decided(self) -> bool:
        return self._level is None or _indent(self._line) > self._level or bool(_DECIDED.search(self._line))

    def _end_line(self, words: BlockWords) -> None:
        line, self._line = self._line, ""
        self._seen += line
        if self._on_first_line and line.strip() and self._level is not None:
            self._level = min(self._level, _indent(line))
        self._on_first_line = self._on_first_line and not line.strip()
        if self._level is None and words.opens.search(line.rstrip()):
            self._level = _indent(line)

    def _ends(self, line: str, words: BlockWords) -> bool:
        if self._level is None or _indent(line) > self._level or self._in_string(words):
            return False
        text = line.strip()[:_LONGEST_HEADER]
        word = _WORD.match(text)
        if _CLOSER.match(text) or (word and word[0] in words.continues):
            return False
        return not self._defines_what_is_used(text, words)

    def _defines_what_is_used(self, text: str, words: BlockWords) -> bool:
        match = words.defines.match(text)
        return match is not None and re.search(rf"\b{re.escape(match[1])}\b", self._seen) is not None

    def _in_string(self, words: BlockWords) -> bool:
        return words is _PYTHON and any(self._seen.count(quotes) % 2 for quotes in ('"""', "'''"))


def _split_last_line(text: str) -> tuple[str, str]:
    cut = text.rfind("\n") + 1
    return text[:cut], text[cut:]


def _indent(line: str) -> int:
    """Columns of leading white space; a tab goes to the next multiple of 8, as in Python's lexer."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def _block_level(prefix: str, words: BlockWords) -> int | None:
    """The indentation of the block that the prefix ends in; None at the top level."""
    lines = [line for line in prefix.split("\n") if line.strip()]
    if not lines:
        return None
    last = lines[-1]
    if words.opens.search(last.rstrip()):
        return _indent(last)
    return next((_indent(line) for line in reversed(lines) if _indent(line) < _indent(last)), None)
