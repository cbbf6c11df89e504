"""A real backend without weights: it says the prompt's last word back. For tests, examples and editor work.

The prompt can steer it: `echo:TEXT` on the last line is answered with TEXT, `echo-slow:TEXT` with a pause before each word.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Literal

from sfm2.backends.base import Ask, Piece, Status
from sfm2.types import BackendStatus

SLOW = 0.2  # seconds a word
_WORD = re.compile(r"\s*\S+|\s+")
_STEERING = re.compile(r"echo(-slow)?:")


class Echo:
    """One token a word, `delay` seconds apart, each with log-probability -0.1."""

    name = "echo"

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay

    async def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        slow, answer = _answer(ask)
        words = _WORD.findall(answer)
        delay = SLOW if slow else self._delay
        for word in words[: ask.max_length]:
            await asyncio.sleep(delay)
            yield Piece(word, (-0.1,), tokens=1, names=(word,))
        reason: Literal["stop", "length"] = "length" if len(words) > ask.max_length else "stop"
        yield Piece("", finish_reason=reason, prompt_tokens=len(_prompt(ask).split()))

    async def status(self) -> Status:
        return Status(BackendStatus.AVAILABLE, "answers with the prompt's own words, for tests and demonstrations")

    async def start(self) -> None: ...

    async def ready(self) -> None: ...

    async def aclose(self) -> None: ...


def _prompt(ask: Ask) -> str:
    return "\n".join(turn.content for turn in ask.turns) if ask.kind == "chat" else ask.prefix


def _answer(ask: Ask) -> tuple[bool, str]:
    """Whether to take time, and what to say."""
    last = _prompt(ask).rstrip().rsplit("\n", 1)[-1]
    if steering := _STEERING.search(last):
        return bool(steering[1]), last[steering.end() :]
    words = last.split()
    return False, f" {words[-1]}" if words else ""
