"""Completions that were received, found again at the place they were requested for and everywhere along their text.

The editor core has the same rules in `editors/core/src/cache.ts`; `tests/traces` holds both to them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sfm2.lsp.question import Question, Terms
from sfm2.lsp.received import Received

_SIZE = 64  # completions that are kept
_LIFETIME = 600.0  # seconds for which one holds: the model that the server runs may change
_CLOSERS = re.compile(r"[)\]}>\"'`\s]{0,40}")


@dataclass(frozen=True)
class Suggestion:
    """A completion at the cursor, or what is left of it to insert."""

    text: str
    """Its lines end in LF. Empty where the server had nothing to suggest, or where more is still to come."""
    received: Received
    replaced: int = 0
    """How many characters after the cursor it replaces: closers that the editor inserted."""
    dismissed: bool = False
    """Whether the user did not want it."""


@dataclass(frozen=True)
class _Text:
    """Stands for a text, which may have megabytes, by its length and hash."""

    length: int
    hash: int

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(len(text), hash(text))


@dataclass(frozen=True)
class _Place:
    terms: Terms
    before: _Text
    after: _Text

    @classmethod
    def of(cls, question: Question) -> _Place:
        return cls(question.terms, _Text.of(question.lf_before), _Text.of(question.lf_after))


@dataclass(frozen=True)
class _Entry:
    place: _Place
    received: Received
    since: float
    dismissed: bool = False


class TypedAhead:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: list[_Entry] = []
        """The newest first."""

    def put(self, question: Question, received: Received) -> None:
        """Keep a completion, which may still grow: then `confirm` it when it is whole."""
        place = _Place.of(question)
        others = [entry for entry in self._entries if entry.place != place]
        self._entries = [_Entry(place, received, self._clock()), *others][:_SIZE]

    def confirm(self, received: Received) -> None:
        """It is whole now. Where other weights or another adapter answer, what the earlier ones wrote no longer holds."""
        weights = received.completion.weights if received.completion else None
        self._entries = [
            entry for entry in self._entries if (whole := entry.received.completion) is None or whole.weights == weights
        ]

    def called(self, key: str) -> Received | None:
        """The completion with this key."""
        return next((entry.received for entry in self._entries if entry.received.is_called(key)), None)

    def find(self, question: Question) -> Suggestion | None:
        """The newest completion that holds for this question."""
        oldest = self._clock() - _LIFETIME
        for entry in self._entries:
            if entry.since > oldest and entry.place.terms == question.terms:
                suggestion = _along(entry, question)
                if suggestion is not None:
                    return suggestion
        return None

    def dismiss(self, key: str, *, dismissed: bool = True) -> None:
        """The user does not want this completion, here or anywhere along it; with False, wants it again."""
        self._entries = [
            replace(entry, dismissed=dismissed) if entry.received.is_called(key) else entry for entry in self._entries
        ]


def _along(entry: _Entry, question: Question) -> Suggestion | None:
    """What is left of a completion if the text has changed only by typing along it. Of one that grows it may be nothing."""
    received, before, after = entry.received, question.lf_before, question.lf_after
    typed = len(before) - entry.place.before.length
    added = len(after) - entry.place.after.length
    text = received.text
    most = len(text) if received.growing else max(0, len(text) - 1)
    if not 0 <= typed <= most or added < 0 or not text.startswith(before[len(before) - typed :]):
        return None
    if added and not (typed and added in _closers(after)):
        return None
    fitted = _fitted(text[typed:], after[:added])
    same = fitted is not None and _Text.of(before[: len(before) - typed]) == entry.place.before
    if fitted is None or not same or _Text.of(after[added:]) != entry.place.after:
        return None
    return Suggestion(fitted[0], received, fitted[1], entry.dismissed)


def _closers(after: str) -> Iterator[int]:
    """The lengths of the beginnings of `after` that an editor may have inserted: typing `(` puts `)` after the cursor."""
    most = _CLOSERS.match(after)
    return (at + 1 for at, char in enumerate(most[0] if most else "") if not char.isspace())


def _fitted(left: str, closers: str) -> tuple[str, int] | None:
    """The text and how much it replaces, so that accepting it leaves what the server was asked to fill in."""
    if len(left) > len(closers) and left.endswith(closers):
        return left[: len(left) - len(closers)], 0
    if not closers:
        return left, 0
    line = iter(left.split("\n", 1)[0])  # editors show text around what it replaces within one line only
    return (left, len(closers)) if "\n" not in closers and all(char in line for char in closers) else None
