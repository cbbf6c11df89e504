"""Answers that are kept, also for the places that one comes to by typing along them.

Found by everything that changes the answer: the terms, and the whole text before and after.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sfm2.lsp.question import Question, Terms, with_lf
from sfm2.types import Completion

_KEPT = 200  # answers
_SECONDS = 600.0  # that one is good for: the model behind the server may change
_CLOSERS = ")]}>\"'`"
_CLOSED_AT_ONCE = 4  # closers at most that an editor has added on its own


@dataclass(frozen=True)
class Suggestion:
    """`text` has LF. It takes the place of as many characters behind the cursor as `replaced` says."""

    text: str
    completion: Completion
    replaced: int = 0


@dataclass(frozen=True)
class _Text:
    """Texts of megabytes are told apart by length and hash."""

    length: int
    hash: int

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(len(text), hash(text))


@dataclass(frozen=True)
class _Key:
    terms: Terms
    before: _Text
    after: _Text


class TypedAhead:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[_Key, tuple[float, Completion]] = OrderedDict()

    def put(self, question: Question, completion: Completion) -> None:
        key = _Key(question.terms, _Text.of(question.before), _Text.of(question.after))
        self._entries.pop(key, None)
        self._entries[key] = (self._clock(), completion)
        if len(self._entries) > _KEPT:
            self._entries.popitem(last=False)

    def find(self, question: Question) -> Suggestion | None:
        """What an earlier answer has for this place, the newest first. Its text is empty where there was nothing."""
        oldest = self._clock() - _SECONDS
        for key, (at, completion) in reversed(self._entries.items()):
            if at > oldest and key.terms == question.terms:
                suggestion = _rest(key, completion, question)
                if suggestion is not None:
                    return suggestion
        return None


def _rest(key: _Key, completion: Completion, question: Question) -> Suggestion | None:
    """What is left of a completion, if the text differs from that of its question only by being typed along it."""
    typed = len(question.before) - key.before.length
    added = len(question.after) - key.after.length
    if (
        not 0 <= typed <= 2 * len(completion.completion) or not 0 <= added <= _CLOSED_AT_ONCE
    ):  # 2: a CRLF is one LF there
        return None
    along = with_lf(question.before[key.before.length :])
    rest = completion.completion[len(along) :]
    if not completion.completion.startswith(along) or (along and not rest):
        return None
    if added and not (along and _closed_by_editor(question.after[:added], rest)):
        return None
    before, after = question.before[: key.before.length], question.after[added:]
    same = (_Text.of(before), _Text.of(after)) == (key.before, key.after)
    return Suggestion(rest, completion, replaced=added) if same else None


def _closed_by_editor(added: str, rest: str) -> bool:
    """Whether these are closers that stand in the suggestion, too: typing `(` has put `)` behind the cursor."""
    left = iter(rest)
    return all(char in _CLOSERS and char in left for char in added)
