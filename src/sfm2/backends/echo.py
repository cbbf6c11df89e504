"""A real backend without weights: it repeats the prompt's last word. For tests, examples and editor work.

The prompt can steer it: `echo:TEXT` on the last line is answered with TEXT, `echo-slow:TEXT` with a pause before each word.
In a conversation, such as the question what a piece of code does, any line can; the last one counts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from sfm2.backends.base import Backend, Capabilities
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import BackendHealth, BackendStatus, FinishReason

SLOW = 0.2  # seconds a word
_WORD = re.compile(r"\s*\S+|\s+")
_STEERING = re.compile(r"echo(-slow)?:")


class Echo(Backend):
    """One token a word, `delay` seconds apart, each with log-probability -0.1."""

    name = "echo"

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(chats=True)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        slow, answer = _answer(request)
        words = _WORD.findall(answer)
        delay = SLOW if slow else self._delay
        limit = request.sampling.max_length
        for word in words[:limit]:
            await asyncio.sleep(delay)
            yield TokenChunk(word, (-0.1,), tokens=1, token_texts=(word,))
        reason: FinishReason = "length" if len(words) > limit else "stop"
        yield TokenChunk("", finish_reason=reason, prompt_tokens=len(_prompt(request).split()))

    async def health(self) -> BackendHealth:
        reason = "answers with the prompt's own words, for tests and demonstrations"
        return BackendHealth(status=BackendStatus.AVAILABLE, reason=reason)


def _prompt(request: GenerationRequest) -> str:
    return "\n".join(one.content for one in request.messages) if request.is_chat else request.prefix


def _answer(request: GenerationRequest) -> tuple[bool, str]:
    """Whether to take time, and what to answer."""
    lines = _prompt(request).rstrip().split("\n")
    for line in reversed(lines if request.is_chat else lines[-1:]):
        if steering := _STEERING.search(line):
            return bool(steering[1]), line[steering.end() :]
    words = lines[-1].split()
    return False, f" {words[-1]}" if words else ""
