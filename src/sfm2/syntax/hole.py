"""Where the cursor is: the lines around the hole, its indentation, and the block that it stands in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sfm2.languages import BlockWords, facts_of
from sfm2.syntax.lines import first_solid, indent, split_last
from sfm2.syntax.python_lines import OpenLines

HoleKind = Literal["new_line", "line_end", "middle"]


@dataclass(frozen=True)
class Hole:
    """The empty place between `prefix` and `suffix`."""

    prefix: str
    suffix: str = ""
    language: str | None = None

    @cached_property
    def head(self) -> str:
        """The cursor's line, before the cursor."""
        return split_last(self.prefix)[1]

    @cached_property
    def tail(self) -> str:
        """The cursor's line, after the cursor, without its line break."""
        return self.suffix.partition("\n")[0].removesuffix("\r")

    @property
    def kind(self) -> HoleKind:
        """`new_line`: nothing but white space before the cursor. `line_end`: code before it, none after it on its line."""
        if not self.head.strip():
            return "new_line"
        return "middle" if self.tail.strip() else "line_end"

    @cached_property
    def newline(self) -> str:
        """The line break that the file uses."""
        around = self.prefix[-20_000:] + self.suffix[:20_000]
        breaks = around.count("\n")
        return "\r\n" if breaks and 2 * around.count("\r\n") > breaks else "\n"

    @cached_property
    def next_line(self) -> str:
        """The first line after the hole that is not blank; the rest of the cursor's line counts."""
        return first_solid(self.suffix).rstrip()

    @cached_property
    def quotes(self) -> str | None:
        """Those of the long string that the cursor is in. Known for Python."""
        if self.language != "python":
            return None
        lines = self.open_lines.copy()
        lines.feed(self.head)
        return lines.quotes

    @cached_property
    def open_lines(self) -> OpenLines:
        """Python: what is open at the beginning of the cursor's line."""
        return OpenLines.after(self.prefix)

    @cached_property
    def words(self) -> BlockWords | None:
        """How blocks are recognised in this language; None where that is not known."""
        facts = facts_of(self.language)
        return facts.blocks if facts else None

    @cached_property
    def level(self) -> int | None:
        """The indentation of the line that opened the block the cursor is in; None at the top level."""
        words = self.words
        if words is None:
            return None
        last = self._last_line
        if last is None:
            return None
        if self.head and not self.head.strip():
            return self.opener_below(indent(self.head + "x"))
        if words.opens.search(last.rstrip()):
            return indent(last)
        return self.opener_below(indent(last))

    def opener_below(self, columns: int) -> int | None:
        """The indentation of the nearest line above that stands further left than `columns`."""
        found = (indent(line) for line in self._lines_upwards() if line.strip())
        return next((level for level in found if level < columns), None)

    @cached_property
    def _last_line(self) -> str | None:
        return next((line for line in self._lines_upwards() if line.strip()), None)

    def _lines_upwards(self) -> list[str]:
        return self._reversed_lines

    @cached_property
    def _reversed_lines(self) -> list[str]:
        return self.prefix.split("\n")[::-1]
