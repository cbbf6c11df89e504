"""Takes code out of a Markdown fence, however the stream is split. Pure.

Only a fence that opens the text counts; text that begins otherwise passes unchanged, with any fences in it, but for a
last line that closes a fence which was never opened (small models do that). Text after the closing fence is dropped. Code
that itself holds a line of as many backticks ends there, as it does for every reader of Markdown.
"""

from __future__ import annotations

import re

_OPENING = re.compile(r"\s*(?P<fence>`{3,}|~{3,})[^`\n]*(?P<end>\n|\Z)")
_MAY_OPEN = re.compile(r"\s*(?:`{0,2}|~{0,2}|(?:`{3,}|~{3,})[^`\n]*)")


class FenceStripper:
    """`fenced` is None until it is known; `ended` is true after the closing fence."""

    def __init__(self) -> None:
        self.fenced: bool | None = None
        self._held = ""
        self._code: _Block | _Bare = _Bare()

    @property
    def ended(self) -> bool:
        """Whether the closing fence has been seen."""
        return self._code.ended

    def feed(self, text: str) -> str:
        """The code that is certain by now."""
        if self.fenced is not None:
            return self._code.feed(text)
        self._held += text
        opening = _OPENING.match(self._held)
        if opening and opening["end"]:
            self.fenced = True
            self._code = _Block(opening["fence"][0], len(opening["fence"]))
            return self._code.feed(self._held[opening.end() :])
        if _MAY_OPEN.fullmatch(self._held):
            return ""
        self.fenced = False
        return self._code.feed(self._held)

    def finish(self) -> str:
        """The rest, when no more comes."""
        if self.fenced is not None:
            return self._code.finish()
        return "" if _OPENING.fullmatch(self._held) else self._held


class _Bare:
    """Text outside a fence."""

    ended = False
    _fence = re.compile(r"\n {0,3}```")
    _last = re.compile(r"\n {0,3}`{3,}[ \t\r]*\n?\Z")
    _may_be_last = re.compile(r"\n {0,3}(?:`+[ \t\r]*|`{3,}[ \t\r]*\n)?\Z")

    def __init__(self) -> None:
        self._held = ""
        self._fences = False

    def feed(self, text: str) -> str:
        """More of the text; returns what is certain by now."""
        self._held += text
        open_end = self._may_be_last.search(self._held)
        at = open_end.start() if open_end else len(self._held)
        shown, self._held = self._held[:at], self._held[at:]
        self._fences = self._fences or bool(self._fence.search(shown))
        return shown

    def finish(self) -> str:
        """The rest, once the stream has ended."""
        return "" if self._last.fullmatch(self._held) and not self._fences else self._held


class _Block:
    """Text inside a fence, up to the line break before the closing fence."""

    def __init__(self, mark: str, least: int) -> None:
        closing = rf"\n {{0,3}}{mark}{{{least},}}[ \t\r]*"
        self._closing = re.compile(closing + r"\n")
        self._closed = re.compile(closing + r"\Z")
        self._may_close = re.compile(rf"\n {{0,3}}(?:{mark}+[ \t\r]*)?\Z")
        # A line break in front of the block lets its first line be a line like any other.
        self._held = "\n"
        self._begun = False
        self.ended = False

    def feed(self, text: str) -> str:
        """More of the text; returns what is certain by now."""
        if self.ended:
            return ""
        self._held += text
        if closing := self._closing.search(self._held):
            self.ended = True
            return self._release(closing.start())
        open_end = self._may_close.search(self._held)
        return self._release(open_end.start() if open_end else len(self._held))

    def finish(self) -> str:
        """The rest, once the stream has ended."""
        if self.ended or self._closed.fullmatch(self._held):
            return ""
        return self._release(len(self._held))

    def _release(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        if shown and not self._begun:
            self._begun = True
            return shown[1:]
        return shown
