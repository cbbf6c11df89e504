"""Indentation that the model writes though it stands before the cursor already.

The white space before the cursor is not in the prompt's end (token healing), so a model that is used to other widths writes
its own, and goes on with it: two spaces stand there, it writes four. All its lines are moved back by the difference.
"""

from __future__ import annotations

from sfm2.languages import facts_of
from sfm2.syntax.hole import Hole
from sfm2.syntax.lines import indent


class Outdent:
    """Takes a completion's lines in order and returns them at the cursor's indentation."""

    def __init__(self, hole: Hole) -> None:
        facts = facts_of(hole.language)
        indents = bool(hole.head) and not hole.head.strip()
        self._applies = indents and not (facts and facts.kind == "prose") and not hole.quotes and not _is_owed(hole)
        self._head = hole.head
        self._surplus = ""
        self._begun = False

    def line(self, text: str) -> str:
        """The next line, where it belongs."""
        placed = self.beginning(text)
        if self._applies and not self._begun and text.strip():
            self._begun = True
            self._surplus = text[: len(text) - len(placed)]
        return placed

    def beginning(self, text: str) -> str:
        """The beginning of the next line, where it belongs."""
        if not self._applies:
            return text
        if not self._begun:
            return text.lstrip(" \t") if text.strip() else text
        whole = self._head + self._surplus
        return self._head + text[len(whole) :] if self._surplus and text.startswith(whole) else text


def _is_owed(hole: Hole) -> bool:
    """Whether the line above opens a block and the cursor is not indented into it: then the model still has to."""
    return hole.opens_block and indent(hole.head + "x") <= indent(hole.line_above)
