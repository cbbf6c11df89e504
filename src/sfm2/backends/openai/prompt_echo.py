"""Removes a repeated prompt from the beginning of an answer, however the stream is split. Pure.

Chat models are asked to begin with the line the cursor is in, and like to repeat more. What is taken off is exactly one of
these, the longest that fits: the whole prefix, its last lines (two or more, or one that opens a block), the line before
the cursor, that line without its indentation. Blank lines and white space at the ends of lines need not agree.
"""

from __future__ import annotations

import re

from sfm2.languages import comment_marks

_LINES = 40  # how far back a repetition may begin
_WORDS = re.compile(r"\w\W*\w\W*\w")  # shorter repetitions are likelier code than repetition
_OPENS_BLOCK = re.compile(r"[:{(\[]\s*\Z")


class PromptEchoStripper:
    """`settled` is true once the beginning has been judged, `taken` what was taken off."""

    def __init__(self, prefix: str, language: str | None = None) -> None:
        self._comments = comment_marks(language)
        self._candidates = repetitions(prefix)
        self._prefix = prefix
        self._held = ""
        self.settled = False
        self.taken = ""

    def feed(self, text: str) -> str:
        """More of the answer; returns what is certainly no repetition."""
        if self.settled:
            return text
        self._held += text
        for candidate in self._candidates:
            end = end_of(candidate, self._held)
            if end is None:
                return ""
            if end > 0:
                break
        return "" if _may_begin(self._comments, self._held.strip()) else self._settle()

    def finish(self) -> str:
        """The rest, once the stream has ended."""
        return "" if self.settled else self._settle()

    def _settle(self) -> str:
        self.settled = True
        ends = (end_of(candidate, self._held) for candidate in self._candidates)
        end = next((end for end in ends if end), 0)
        self.taken = self._held[:end]
        return self._held[end:] if end else _line_break(self._prefix, self._held, self._comments) + self._held


def repetitions(prefix: str) -> list[str]:
    """What counts as repeated prompt, longest first."""
    lines = prefix.splitlines(keepends=True)[-_LINES:]
    last = lines[-1] if lines and not lines[-1].endswith(("\n", "\r")) else ""
    tails = ["".join(lines[at:]) for at in range(len(lines))]
    found = {tail for tail in tails if _several_lines(tail) or _opens_block(tail)}
    found |= {prefix, last.lstrip()}
    return sorted({text for text in found if _WORDS.search(text)} | ({last} - {""}), key=len, reverse=True)


def end_of(repeated: str, text: str) -> int | None:
    """Where `repeated` ends at the beginning of `text`: 0 when it is not there, None when it takes more text to know."""
    *lines, last = repeated.split("\n")
    at = 0
    for line in filter(str.strip, lines):
        at = _skip_blank_lines(text, at)
        end = text.find("\n", at)
        if end < 0:
            return None if line.rstrip().startswith(text[at:].rstrip()) else 0
        if text[at:end].rstrip() != line.rstrip():
            return 0
        at = end + 1
    if last.strip() or not any(map(str.strip, lines)):
        at = _skip_blank_lines(text, at)
    if text.startswith(last, at):
        return at + len(last)
    if last.strip() and not text[at:].strip():
        return None  # this may become a blank line
    return None if last.startswith(text[at:]) else 0


def _skip_blank_lines(text: str, at: int) -> int:
    while (end := text.find("\n", at)) >= 0 and not text[at:end].strip():
        at = end + 1
    return at


def _several_lines(text: str) -> bool:
    return sum(1 for line in text.splitlines() if line.strip()) > 1


def _opens_block(text: str) -> bool:
    return bool(_OPENS_BLOCK.search(text))


def _may_begin(marks: tuple[str, ...], text: str) -> bool:
    """Whether it takes more text to know if a comment begins."""
    return any(mark.startswith(text) and mark != text for mark in marks)


def _line_break(prefix: str, answer: str, comments: tuple[str, ...]) -> str:
    """The line break that is missing between a line that opens a block and an answer that begins inside it, or nothing."""
    line = prefix[prefix.rfind("\n") + 1 :]
    goes_deeper = _indentation(answer) > _indentation(line) and answer.strip() != ""
    return "\n" if goes_deeper and _opens_block(line) and not answer.lstrip().startswith(comments) else ""


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
