"""Typing along: whether a request only types on what a completion says, and what is left of the completion then. Pure.

What was typed and the rest are the completion, character by character. The editors' own rules are alike:
`editors/core/src/cache.ts`, `lsp/typed_ahead.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import uuid4

from sfm2.types import Chunk, CompleteRequest, Completion, GenerateRequest, GuardAction, TokenLogprob

OVERLAP = 1_500
"""Characters before the cursor by which two places are known for the same where a client sends a window that begins further
down by now. The editor core has the same"""
_MOST_TYPED = 2_000  # characters, in such a window: to look for more would take long
_CLOSERS = re.compile(r"[)\]}>\"'`\s]{0,40}")


@dataclass(frozen=True)
class Spot:
    """Where a completion is asked for: the code around the cursor."""

    before: str
    after: str

    @classmethod
    def of(cls, request: GenerateRequest | CompleteRequest) -> Spot:
        """Where the completion of `request` goes."""
        before = request.prompt if isinstance(request, GenerateRequest) else request.prefix
        return cls(before, request.suffix or "")


@dataclass(frozen=True)
class Typed:
    """What was typed since a completion was asked for."""

    text: str
    closers: str = ""
    """What the editor put behind the cursor meanwhile: `)` when `(` was typed"""


SAME = Typed("")
"""Nothing was typed"""


class Standing(Enum):
    """How a completion stands to what was typed since."""

    AGREES = "agrees"
    """It says so, and more"""
    OPEN = "open"
    """Too little of it is there to tell"""
    DIFFERS = "differs"
    """It says something else, or nothing more"""


def typed_between(earlier: Spot, later: Spot) -> Typed | None:
    """What was typed from one to the other; None: they are not the same place, or more than that was changed."""
    added = len(later.after) - len(earlier.after)
    if added < 0 or not later.after.endswith(earlier.after):
        return None
    closers = later.after[:added]
    end = _end_of(earlier.before, later.before)
    if end is None or (closers and (end == len(later.before) or not _are_closers(closers))):
        return None
    return Typed(later.before[end:], closers)


def standing(text: str, typed: Typed, *, whole: bool) -> Standing:
    """How a completion stands of which `text` is sure to stay; `whole`: there is no more of it."""
    if whole and typed == SAME:
        return Standing.AGREES
    if not text.startswith(typed.text):
        return Standing.OPEN if not whole and typed.text.startswith(text) else Standing.DIFFERS
    rest = text[len(typed.text) :]
    if whole:
        fits = rest.endswith(typed.closers) and rest.removesuffix(typed.closers).strip()
        return Standing.AGREES if fits else Standing.DIFFERS
    return Standing.AGREES if rest.strip() and not typed.closers else Standing.OPEN


def may_agree(draft: str, typed: Typed) -> bool:
    """Whether what the model has written so far lets expect that its completion agrees."""
    written, wanted = _comparable(draft), _comparable(typed.text)
    return written.startswith(wanted) or wanted.startswith(written)


def has_written(draft: str, typed: Typed) -> bool:
    """Whether the model has written what was typed, and more."""
    written, wanted = _comparable(draft), _comparable(typed.text)
    return len(written) > len(wanted) and written.startswith(wanted)


def _comparable(text: str) -> str:
    """The guard may still change a draft: take blanks off its beginning, and write another kind of line break."""
    return text.replace("\r", "").lstrip(" \t")


def rest_of(completion: Completion, typed: Typed, before: str, seconds: float) -> Completion:
    """The answer to who typed so far, with the code `before` the cursor now, after `seconds` in the server.

    Its confidence is that of the whole completion: the rest of one is at least as likely to be right, given that its
    beginning is. So are features, guard, tokens and why it ended. The closers that are there already are left out.
    """
    start, stop = len(typed.text), len(completion.completion) - len(typed.closers)
    text = completion.completion[start:stop]
    logprobs = completion.logprobs and tokens_between(completion.logprobs, start, stop)
    own = {"id": uuid4().hex, "processing_time": seconds, "prompt_time": None}
    return completion.model_copy(
        update={**own, "completion": text, "generated_code": before + text, "logprobs": logprobs}
    )


def as_chunk(completion: Completion, shown: int = 0) -> Chunk | None:
    """What of a completion comes after its first `shown` characters; None: nothing."""
    if shown >= len(completion.completion):
        return None
    judged = completion.guard.action is not GuardAction.OFF
    return Chunk(
        text=completion.completion[shown:],
        confidence=completion.confidence if judged else None,
        logprobs=completion.logprobs and tokens_between(completion.logprobs, shown, len(completion.completion)),
    )


def tokens_between(tokens: Iterable[TokenLogprob], start: int, stop: int) -> list[TokenLogprob]:
    """The tokens of these characters. One that is cut keeps its log-probability: what is left of it is at least as likely,
    given the part that was typed."""
    found: list[TokenLogprob] = []
    at = 0
    for token in tokens:
        text = token.text[max(0, start - at) : max(0, stop - at)]
        if text or (not token.text and start <= at < stop):
            found.append(token if text == token.text else TokenLogprob(text=text, logprob=token.logprob))
        at += len(token.text)
    return found


class Remaining:
    """Takes the chunks of a completion, and gives what of them is beyond its first `characters`."""

    def __init__(self, characters: int) -> None:
        self._text = self._tokens = characters  # still to be passed over; tokens and text come at different times

    def of(self, chunk: Chunk) -> Chunk | None:
        """None: nothing of it is."""
        if not self._text and not self._tokens:
            return chunk
        text, logprobs = chunk.text[self._text :], chunk.logprobs
        self._text = max(0, self._text - len(chunk.text))
        if logprobs is None:
            self._tokens = self._text
        else:
            size = sum(len(token.text) for token in logprobs)
            logprobs = tokens_between(logprobs, self._tokens, size)
            self._tokens = max(0, self._tokens - size)
        return chunk.model_copy(update={"text": text, "logprobs": logprobs}) if text or logprobs else None


def _end_of(earlier: str, later: str) -> int | None:
    """Where the code before the earlier cursor ends in the code before the later one. None: it is other code."""
    if later.startswith(earlier):
        return len(earlier)
    if len(earlier) < OVERLAP:
        return None
    anchor = earlier[-OVERLAP:]
    at = later.rfind(anchor, max(0, len(later) - len(anchor) - _MOST_TYPED))
    end = at + len(anchor)
    return end if at >= 0 and earlier.endswith(later[:end]) else None


def _are_closers(text: str) -> bool:
    return _CLOSERS.fullmatch(text) is not None and not text[-1].isspace()
