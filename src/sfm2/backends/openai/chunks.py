"""From a server's deltas to the chunks of a completion. Pure."""

from __future__ import annotations

from dataclasses import replace

from sfm2.backends.openai.code_reply import CodeReply
from sfm2.backends.openai.protocol import ServerDelta
from sfm2.errors import BackendError
from sfm2.generation import TokenChunk


class ChunkBuilder:
    """Without `reply` every text passes; with it, log-probabilities of what is taken off are left out.

    Tokens are counted by their log-probabilities, else one a delta; the server's own count corrects that at the end.
    """

    def __init__(self, reply: CodeReply | None = None) -> None:
        self._reply = reply
        self._logprobs: list[float] = []
        self._has_logprobs = False
        self._counted = 0
        self._reported = 0
        self._finish = ServerDelta()
        self._usage = ServerDelta()

    @property
    def ended(self) -> bool:
        """Whether the rest of the stream is not needed."""
        return self._reply is not None and self._reply.ended

    def feed(self, delta: ServerDelta) -> TokenChunk | None:
        """The piece that is certain by now, if any. Raises `BackendError` when the server withholds its answer."""
        if delta.finish == "content_filter":
            raise BackendError("the server's content filter withheld the answer")
        self._finish = delta if delta.finish else self._finish
        self._usage = delta if delta.prompt_tokens is not None else self._usage
        self._has_logprobs = self._has_logprobs or bool(delta.logprobs)
        self._counted += len(delta.logprobs) if self._has_logprobs else bool(delta.text)
        text = self._shown(delta)
        return self._chunk(text) if text else None

    def last(self) -> TokenChunk:
        """The end. Raises `BackendError` when the server broke off."""
        finish = "stop" if self.ended else self._finish.finish_reason
        if finish is None:
            raise BackendError("the server's stream ended before its answer did")
        self._counted = max(self._counted, self._usage.completion_tokens or 0)
        chunk = self._chunk(self._reply.finish() if self._reply else "")
        return replace(chunk, finish_reason=finish, prompt_tokens=self._usage.prompt_tokens)

    def _shown(self, delta: ServerDelta) -> str:
        if self._reply is None:
            self._logprobs += delta.logprobs
            return delta.text
        was_begun = self._reply.begun
        text = self._reply.feed(delta.text)
        if self._reply.begun and not was_begun and self._reply.stripped:
            self._logprobs.clear()  # of the fence and the repeated prompt
        if not self._reply.ended:
            self._logprobs += delta.logprobs
        return text

    def _chunk(self, text: str) -> TokenChunk:
        logprobs, self._logprobs = tuple(self._logprobs), []
        tokens, self._reported = self._counted - self._reported, self._counted
        return TokenChunk(text, logprobs, tokens)
