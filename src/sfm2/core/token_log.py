"""The tokens behind a completion, aligned with its text: it may begin later, be cut, and end with what the guard closed."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from operator import itemgetter

from sfm2.generation import TokenChunk
from sfm2.types import TokenLogprob


class TokenLog:
    """Takes token chunks and the text that was shown of them; knows the tokens of that text and their log-probabilities."""

    def __init__(self) -> None:
        self._chunks: list[tuple[int, tuple[float, ...]]] = []
        """Characters and log-probabilities of each chunk."""
        self._tokens: deque[tuple[str, float]] = deque()
        self._begins: list[tuple[int, float]] = []
        """Where each token begins in the stream, and its log-probability."""
        self._end = 0
        """Where the last of them ends."""
        self._healed = 0
        self._complete = True
        self._skipped = 0
        """Characters of the tokens that were passed over without having been shown."""
        self._shown = ""
        self._at = 0
        """Where in the shown text the next token begins."""
        self._taken = 0
        self._all: list[TokenLogprob] = []

    @property
    def all(self) -> list[TokenLogprob] | None:
        """The tokens of the shown text. None where a backend does not report every token's text."""
        return self._all if self._complete else None

    def add(self, chunk: TokenChunk) -> None:
        """More of the stream."""
        self._chunks.append((len(chunk.text), chunk.logprobs))
        self._complete &= len(chunk.token_texts) == len(chunk.logprobs) and bool(chunk.token_texts or not chunk.tokens)
        for name, logprob in zip(chunk.token_texts, chunk.logprobs, strict=False):
            self._tokens.append((name, logprob))
            self._begins.append((self._end, logprob))
            self._end += len(name)
        self._healed = max(self._healed, chunk.healed)
        for _ in range(chunk.healed - self._skipped):
            self._skip_character()

    def logprobs_of(self, characters: int) -> list[float]:
        """The log-probabilities of the tokens behind the first `characters` of the stream.

        Works for every backend: a chunk may hold a whole line, and of one that is cut, the same share of tokens counts.
        """
        found: list[float] = []
        for size, logprobs in self._chunks:
            if characters <= 0 and found:
                break
            share = min(1.0, characters / size) if size else 1.0
            found += logprobs[: max(1, round(share * len(logprobs)))]
            characters -= size
        return found

    def logprobs_between(self, start: int, end: int) -> list[float]:
        """The log-probabilities of the tokens that begin between these characters of the stream.

        Empty where a backend does not report each token's text.
        """
        if not self._complete:
            return []
        first, last = (bisect_left(self._begins, at + self._healed, key=itemgetter(0)) for at in (start, end))
        return [logprob for _, logprob in self._begins[first:last]]

    def show(self, text: str, last: bool = False) -> None:
        """More of the text. With `last` it ends here: a token that was cut counts with what is left of it."""
        if not self._shown and text:
            self._skip_to(text)
        self._shown += text
        while self._tokens and self._shown.startswith(self._tokens[0][0], self._at):
            if self._at >= len(self._shown):
                break
            self._record(*self._tokens.popleft())
        if last:
            self._record_end()

    def take(self) -> list[TokenLogprob] | None:
        """The tokens that `show` found since this was called last."""
        found, self._taken = self._all[self._taken :], len(self._all)
        return found if self._complete else None

    def _record_end(self) -> None:
        if self._tokens and (kept := _common(self._tokens[0][0], self._shown[self._at :])):
            self._record(kept, self._tokens[0][1])
        if rest := self._shown[self._at :]:
            self._record(rest, None)

    def _record(self, text: str, logprob: float | None) -> None:
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
        """Pass over a fence or prose in front of the code, which the guard removes: it is no part of the completion."""
        written = "".join(name for name, _ in self._tokens)
        if not written.startswith(text) and not text.startswith(written):
            for _ in range(max(0, written.find(text))):
                self._skip_character()


def _common(a: str, b: str) -> str:
    size = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:size]
