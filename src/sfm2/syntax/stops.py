"""Stop texts: a stream ends before the first of them to be complete, however it is split into pieces."""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Passes a stream on and holds back what may be the beginning of a stop text."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.ended = False
        """Whether a stop text has come; nothing is passed on from then."""

    @property
    def held(self) -> str:
        """The text that is held back."""
        return self._held

    def feed(self, text: str) -> str:
        """Add the next piece. Returns the text that is certain to be before any stop text."""
        if self.ended:
            return ""
        self._held += text
        # By where they end: a longer one that begins earlier would be complete only later.
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.ended = True
            _, start = min(found)
            return self._held[:start]
        keep = _open_end(self._held, self._stops)
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return shown

    def finish(self) -> str:
        """The text that was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        return "" if self.ended else held


def _open_end(text: str, stops: Sequence[str]) -> int:
    """The length in characters of the longest end of `text` that could begin a stop text."""
    longest = min(len(text), max((len(stop) for stop in stops), default=1) - 1)
    return next((n for n in range(longest, 0, -1) if any(stop.startswith(text[-n:]) for stop in stops)), 0)
