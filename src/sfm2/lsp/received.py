"""What has been received of a completion: it grows, chunk by chunk, until it is whole or nothing more comes."""

from __future__ import annotations

import asyncio
from itertools import count

from sfm2.types import Chunk, Completion

_numbers = count(1)


class Received:
    """`text` is what has come so far, and stays as it is; `completion` is all of it, once it is whole."""

    def __init__(self) -> None:
        self.text = ""
        """Its lines end in LF. Empty also where the server had nothing to suggest."""
        self.confidence: float | None = None
        """How likely it is to be right so far; None: unknown."""
        self.completion: Completion | None = None
        self.growing = True
        """Whether more may come."""
        self._key = f"growing-{next(_numbers)}"
        self._changed = asyncio.Event()

    @classmethod
    def of(cls, completion: Completion) -> Received:
        """One that came whole."""
        received = cls()
        received.finish(completion)
        return received

    @property
    def key(self) -> str:
        """What an editor may call it by: the completion's id, or before that is known, a name of ours."""
        return self.completion.id if self.completion else self._key

    def is_called(self, key: str) -> bool:
        """Whether `key` is, or was, its key."""
        return key in (self._key, self.key)

    def add(self, chunk: Chunk) -> None:
        """More of it."""
        self.text += chunk.text
        self.confidence = chunk.confidence
        self._tell()

    def finish(self, completion: Completion) -> None:
        """All of it."""
        self.completion = completion
        self.text = completion.completion
        self.confidence = completion.confidence
        self.end()

    def end(self) -> None:
        """Nothing more will come."""
        self.growing = False
        self._tell()

    async def change(self) -> None:
        """Wait until there is more, or nothing more will come."""
        if self.growing:
            await self._changed.wait()

    async def whole(self) -> Completion | None:
        """The completion, once it is whole; None if it never will be."""
        while self.growing:
            await self.change()
        return self.completion

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
