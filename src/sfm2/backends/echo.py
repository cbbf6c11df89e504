"""A real backend without weights: it says the prompt's last word back. For tests, examples and editor work.

The prompt can steer it: `echo:TEXT` on the last line is answered with TEXT.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from sfm2.backends.base import Ask, Piece, Status
from sfm2.types import BackendStatus

_WORD = re.compile(r"\s*\S+|\s+")


class Echo:
    """One token a word, `delay` seconds apart, each with log-probability -0.1."""

    name = "echo"

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay

    async def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        words = _WORD.findall(_answer(ask))
        for word in words[: ask.max_length]:
            await asyncio.sleep(self._delay)
            yield Piece(word, (-0.1,), tokens=1)
        reason = "length" if len(words) > ask.max_length else "stop"
        yield Piece("", finish_reason=reason, prompt_tokens=len(ask.prefix.split()))

    async def status(self) -> Status:
        return Status(BackendStatus.AVAILABLE, "answers with the prompt's own words, for tests and demonstrations")

    async def start(self) -> None: ...

    async def ready(self) -> None: ...

    async def aclose(self) -> None: ...


def _answer(ask: Ask) -> str:
    last = ask.prefix.rstrip().rsplit("\n", 1)[-1]
    _, marker, text = last.partition("echo:")
    if marker:
        return text
    words = last.split()
    return f" {words[-1]}" if words else ""
