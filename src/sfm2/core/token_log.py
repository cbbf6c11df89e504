"""The tokens behind a completion, laid along its text: that may begin later, be cut, and have an end of ours."""

from __future__ import annotations

from collections import deque

from sfm2.backends.base import Piece
from sfm2.types import TokenLogprob


class TokenLog:
    """Feeds on pieces; tells the tokens of the text that was shown of them."""

    def __init__(self) -> None:
        self._tokens: deque[tuple[str, float]] = deque()
        self._complete = True
        self._skipped = 0  # characters of the tokens' that are behind us without having been shown
        self._shown = ""
        self._at = 0  # where in the shown text the next token begins
        self._told = 0
        self._all: list[TokenLogprob] = []

    @property
    def all(self) -> list[TokenLogprob] | None:
        """None where a backend did not tell every token's text."""
        return self._all if self._complete else None

    def add(self, piece: Piece) -> None:
        self._complete &= len(piece.names) == len(piece.logprobs) and bool(piece.names or not piece.tokens)
        self._tokens.extend(zip(piece.names, piece.logprobs, strict=False))
        for _ in range(piece.skipped - self._skipped):
            self._skip_character()

    def show(self, text: str, last: bool = False) -> None:
        """More of the text. With `last` it ends here: a token that was cut counts with what is left of it."""
        if not self._shown and text:
            self._skip_to(text)
        self._shown += text
        while self._tokens and self._shown.startswith(self._tokens[0][0], self._at):
            if self._at >= len(self._shown):
                break
            self._tell(*self._tokens.popleft())
        if last:
            self._tell_the_end()

    def take(self) -> list[TokenLogprob] | None:
        """What `show` found since this was asked last."""
        found, self._told = self._all[self._told :], len(self._all)
        return found if self._complete else None

    def _tell_the_end(self) -> None:
        if self._tokens and (kept := _common(self._tokens[0][0], self._shown[self._at :])):
            self._tell(kept, self._tokens[0][1])
        if rest := self._shown[self._at :]:
            self._tell(rest, None)

    def _tell(self, text: str, logprob: float | None) -> None:
        self._all.append(TokenLogprob(text=text, logprob=logprob))
        self._at += len(text)

    def _skip_character(self) -> None:
        self._skipped += 1
        while self._tokens:
            name, logprob = self._tokens.popleft()
            if name:
                if name[1:]:
                    self._tokens.appendleft((name[1:], logprob))
                return

    def _skip_to(self, text: str) -> None:
        """A fence or prose in front of the code, which the guard takes off, is no token of the completion."""
        written = "".join(name for name, _ in self._tokens)
        if not written.startswith(text) and not text.startswith(written):
            for _ in range(max(0, written.find(text))):
                self._skip_character()


def _common(a: str, b: str) -> str:
    size = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:size]
