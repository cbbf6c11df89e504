"""The cursor's block is over: a line has the indentation of the line that opened the block, or less, and is no part of it.

At the top level a blank line ends what was begun, unless that is a block of its own. Applies in the modes `block` and
`function`, the latter without blank lines. In `function`, a definition whose name was used before it (a helper of the
completed definition) is part of it. Comments at the margin, that is with such an indentation, belong to the line after them.
Not covered: brackets and strings over several lines at the margin, in languages other than Python.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.languages import BlockWords, comment_marks, facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent
from sfm2.syntax.rules.base import Draft, Rule
from sfm2.types import GuardReason, Mode

_CLOSER = re.compile(r"[)\]}>;,]|</")
_WORD = re.compile(r"\w+")
_REPEATABLE = frozenset(
    {"case", "when"}
)  # a block may have several, so one in the suffix excludes none in the completion
LINES_BEYOND = 6  # lines that are waited for while it is not certain that the block is over
_LONGEST_HEADER = 200  # characters; keeps the patterns below linear


class BlockEnd:
    """Cuts before the first line that is outside the block.

    If the completion does not parse up to there, or the hole ends within a line, the line may belong to it all the same.
    Then the rule waits for up to `LINES_BEYOND` lines before it cuts.
    """

    reason: ClassVar = GuardReason.BLOCK_END

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._hole = hole
        self._applies = mode in (Mode.BLOCK, Mode.FUNCTION)
        self._words = hole.words if self._applies else None
        self._level = hole.level
        self._is_function = mode is Mode.FUNCTION
        self._is_paragraph = mode is Mode.BLOCK
        self._names: set[str] | None = None
        self._scanner = hole.scanner.copy() if self._words and hole.language == "python" else None
        self._comments = _leading_marks(hole.language)
        self._begun = False  # whether a line with code was seen
        self._comment: int | None = None  # where the comments at the margin began that precede the next line
        self._lines_to_wait = 0
        self._left: int | None = None  # where the first line outside the block began, while it is waited

    def cut(self, draft: Draft) -> int | None:
        if not self._applies:
            return None
        if self._left is not None:
            return self._wait(draft)
        ended = self._ends(draft)
        cut = draft.start if self._comment is None else self._comment
        self._remember(draft)
        if ended and (self._hole.kind == "middle" or not draft.fits(cut)):
            self._left, self._lines_to_wait = cut, LINES_BEYOND
            return None
        return cut if ended else None

    def tentative_cut(self) -> int | None:
        return self._comment if self._left is None else self._left

    def may_cut_at(self, line: str) -> bool:
        return self._words is not None and self._begun and (self._level is None or indent(line) <= self._level)

    def finish(self, model_stopped: bool) -> int | None:
        if self._left is None:
            return self._comment
        return None if model_stopped else self._left

    def _wait(self, draft: Draft) -> int | None:
        """Stop to wait if the completion parses with its line outside the block; cut there if it has not in time."""
        self._remember(draft)
        if self._hole.kind != "middle" and draft.fits(draft.end):
            self._left = None
            return None
        self._lines_to_wait -= 1
        return self._left if self._lines_to_wait <= 0 else None

    def _ends(self, draft: Draft) -> bool:
        """Whether the line is outside the block."""
        if not draft.line.strip():
            return self._is_paragraph and self._begun and self._level is None
        words = self._words
        if words is None:
            self._begun = True
            return False
        if self._scanner and self._scanner.is_continued:
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
        """Take the block's indentation from the first line with code, where the cursor's own line does not show it."""
        self._begun = True
        columns = indent(line)
        if self._level is not None and columns <= self._level:
            self._level = columns if self._is_function else self._hole.opener_below(columns)
        opens = words.opens.search(line.rstrip()) is not None
        if opens and (self._level is None or (self._is_paragraph and self._hole.kind == "line_end")):
            self._level = columns  # the block that the cursor's own line opens

    def _belongs(self, text: str, words: BlockWords) -> bool:
        """Whether a line at the margin is part of the block: another clause, a closing bracket, a label, a helper."""
        word = _WORD.match(text)
        if word and word[0] in words.continues:
            return word[0] in _REPEATABLE or word[0] != self._suffix_word()
        if _CLOSER.match(text) or words.labels.match(text):
            return True
        defined = words.defines.match(text) if self._is_function else None
        return defined is not None and defined[1] in self._known_names()

    def _suffix_word(self) -> str | None:
        """The word that the suffix continues this block with, such as `else`; None when it does not."""
        following = self._hole.next_line if not self._hole.tail.strip() else ""
        word = _WORD.match(following.strip())
        return word[0] if word and indent(following) == self._level else None

    def _known_names(self) -> set[str]:
        if self._names is None:
            self._names = set(_WORD.findall(self._hole.prefix))
        return self._names

    def _remember(self, draft: Draft) -> None:
        """Note what later lines are compared with."""
        if self._is_function:
            self._known_names().update(_WORD.findall(draft.line))
        if not self._scanner or not self._scanner.is_continued:
            self._note_comment(draft)
        if self._scanner:
            self._scanner.feed((self._hole.head if draft.number == 0 else "") + draft.line)

    def _note_comment(self, draft: Draft) -> None:
        text = draft.line.strip()
        at_margin = self._level is not None and draft.number > 0 and indent(draft.line) <= self._level
        if not text:
            return
        if not (text.startswith(self._comments) and (at_margin or self._comment is not None)):
            self._comment = None
        elif self._comment is None:
            self._comment = draft.start


def _leading_marks(language: str | None) -> tuple[str, ...]:
    """How lines begin that belong to the line after them: comments, directives, and the inner lines of a block comment."""
    facts = facts_of(language)
    directives = facts.directives if facts else ()
    marks = (*comment_marks(language), *directives)
    return (*marks, "*") if "/*" in marks else marks


RULE: type[Rule] = BlockEnd
