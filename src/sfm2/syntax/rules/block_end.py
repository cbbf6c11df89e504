"""The block that the cursor is in is over: a line stands back at the indentation of what opened it, and is no part of it.

Modes `block` and `function`. In `function`, a line that defines a name which the code before it already used (a helper
that the definition needs) goes on with it. Comments at the margin belong to what follows them.
What it does not cover: brackets and strings over several lines that stand at the margin, in languages other than Python.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.languages import BlockWords, comment_marks, facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.rules.base import Draft
from sfm2.types import GuardReason, Mode

_CLOSER = re.compile(r"[)\]}>;,]")
_WORD = re.compile(r"\w+")
_ALIKE = frozenset({"case", "when"})  # that the suffix has one of them does not speak against another
LINES_BEYOND = 6  # that a completion may go on where it is not sure that the block is over
_LONGEST_HEADER = 200  # characters; keeps the patterns below linear


class BlockEnd:
    reason: ClassVar = GuardReason.BLOCK_END

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._words = hole.words if mode in (Mode.BLOCK, Mode.FUNCTION) else None
        self._level = hole.level
        self._helpers = mode is Mode.FUNCTION
        self._names: set[str] | None = None
        self._open_lines = hole.open_lines.copy() if self._words and hole.language == "python" else None
        self._comments = _leading_marks(hole.language)
        self._begun = False
        self._margin: int | None = None  # where comments at the margin began
        self._patience = 0
        self._left: int | None = None  # where the block was left, as far as that may be meant

    def cut(self, draft: Draft) -> int | None:
        if self._words is None:
            return None
        if self._left is not None:
            return self._wait(draft)
        ended = self._ends(draft, self._words)
        cut = draft.start if self._margin is None else self._margin
        self._remember(draft)
        if ended and (self._hole.kind == "middle" or not draft.fits(cut)):
            self._left, self._patience = cut, LINES_BEYOND
            return None
        return cut if ended else None

    def _wait(self, draft: Draft) -> int | None:
        """What has left the block may still belong: text at the margin, or a hole that reaches over the block's end."""
        self._remember(draft)
        if self._hole.kind != "middle" and draft.fits(draft.end):
            self._left = None
            return None
        self._patience -= 1
        return self._left if self._patience <= 0 else None

    def doubt(self) -> int | None:
        return self._margin if self._left is None else self._left

    def at_end(self, by_itself: bool) -> int | None:
        return self._margin if self._left is None else None if by_itself else self._left

    def _ends(self, draft: Draft, words: BlockWords) -> bool:
        if not draft.line.strip():
            return False
        if self._open_lines and self._open_lines.goes_on:
            self._begun = True
            return False
        line = (self._hole.head if draft.number == 0 else "") + draft.line
        if not self._begun:
            self._begin(line, words)
            return False
        if self._level is None:
            self._level = indent(line) if words.opens.search(line.rstrip()) else None
            return False
        if indent(line) > self._level:
            return False
        text = line.strip()[:_LONGEST_HEADER]
        return not text.startswith(self._comments) and not self._belongs(text, words)

    def _begin(self, line: str, words: BlockWords) -> None:
        """The first line with something on it tells the block's own indentation, where the cursor did not."""
        self._begun = True
        columns = indent(line)
        if self._level is not None and columns <= self._level:
            self._level = columns if self._helpers else self._hole.opener_below(columns)
        if self._level is None and words.opens.search(line.rstrip()):
            self._level = columns

    def _belongs(self, text: str, words: BlockWords) -> bool:
        word = _WORD.match(text)
        if word and word[0] in words.continues:
            return word[0] in _ALIKE or word[0] != self._suffix_word()
        if _CLOSER.match(text) or words.labels.match(text):
            return True
        defined = words.defines.match(text) if self._helpers else None
        return defined is not None and defined[1] in self._known_names()

    def _suffix_word(self) -> str | None:
        """The `else` or `except` that the suffix brings for this block itself."""
        following = self._hole.next_line if not self._hole.tail.strip() else ""
        word = _WORD.match(following.strip())
        return word[0] if word and indent(following) == self._level else None

    def _known_names(self) -> set[str]:
        if self._names is None:
            self._names = set(_WORD.findall(self._hole.prefix))
        return self._names

    def _remember(self, draft: Draft) -> None:
        if self._helpers:
            self._known_names().update(_WORD.findall(draft.line))
        if not self._open_lines or not self._open_lines.goes_on:
            self._note_margin(draft)
        if self._open_lines:
            self._open_lines.feed((self._hole.head if draft.number == 0 else "") + draft.line)

    def _note_margin(self, draft: Draft) -> None:
        text = draft.line.strip()
        at_margin = self._level is not None and draft.number > 0 and indent(draft.line) <= self._level
        if not text:
            return
        if not (text.startswith(self._comments) and (at_margin or self._margin is not None)):
            self._margin = None
        elif self._margin is None:
            self._margin = draft.start


def _leading_marks(language: str | None) -> tuple[str, ...]:
    """How lines begin that belong to the line after them: comments, directives, and the inner lines of a block comment."""
    facts = facts_of(language)
    directives = facts.directives if facts else ()
    marks = (*comment_marks(language), *directives)
    return (*marks, "*") if "/*" in marks else marks
