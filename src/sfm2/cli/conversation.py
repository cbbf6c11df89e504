"""A conversation with a model: what was said so far, and what is asked next."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

from sfm2.requests import build
from sfm2.types import ChatRequest, Chunk, Reply


class Conversation:
    """`options` are the other fields of each `ChatRequest`; `system` is said before everything else."""

    def __init__(self, system: str | None, options: Mapping[str, Any]) -> None:
        self._first = [{"role": "system", "content": system}] if system else []
        self._options = dict(options)
        self._said: list[tuple[str, str]] = []  # questions, each with what was heard of its answer

    def ask(self, question: str) -> ChatRequest:
        """The request for the answer to a question. Raises `InvalidRequestError`, and the question is not kept then."""
        request = self._request([*self._said, (question, "")])
        self._said.append((question, ""))
        return request

    def ask_again(self) -> ChatRequest:
        """The request for the last question once more."""
        return self._request(self._said)

    def heard(self, stream: Generator[Chunk | Reply, None, None]) -> Generator[Chunk | Reply, None, None]:
        """`stream`, whose text is the answer to the last question, however much of it comes."""
        with closing(stream):
            for item in stream:
                if isinstance(item, Chunk):
                    question, answer = self._said[-1]
                    self._said[-1] = (question, answer + item.text)
                yield item

    def drop_unanswered(self) -> None:
        """Forget the last question if nothing was heard."""
        if self._said and not self._said[-1][1]:
            self._said.pop()

    def forget(self) -> None:
        """Begin anew."""
        self._said.clear()

    def forget_oldest(self) -> bool:
        """Make room: forget the older half of what was said before the last question. False: there is none."""
        older = (len(self._said)) // 2
        self._said = self._said[older:]
        return older > 0

    def _request(self, said: list[tuple[str, str]]) -> ChatRequest:
        turns = [(("user", question), ("assistant", answer)) for question, answer in said]
        messages = [{"role": role, "content": text} for turn in turns for role, text in turn if text]
        return build(ChatRequest, {"messages": [*self._first, *messages], **self._options})
