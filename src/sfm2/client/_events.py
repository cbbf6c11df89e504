"""From the events of a streamed answer to chunks, then the whole answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import ValidationError

from sfm2.client._responses import from_body
from sfm2.errors import StreamInterruptedError
from sfm2.sse import Decoder, Event
from sfm2.types import Chunk, ErrorBody, Wire

Streamed = TypeVar("Streamed", bound=Wire)


class EventReader(Generic[Streamed]):
    """Turns the bytes of a response into chunks. `result` is the whole answer once the event `done` has arrived."""

    def __init__(self, answer: type[Streamed], request_id: str | None) -> None:
        self._answer = answer
        self._decoder = Decoder()
        self._request_id = request_id
        self.result: Streamed | None = None

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks in `data`. Everything after `done` is ignored.

        Raises the error that an `error` event carries, and `StreamInterruptedError` for an event that makes no sense.
        """
        for event in self._decoder.feed(data):
            if self.result is not None:
                return
            chunk = self._read(event)
            if chunk is not None:
                yield chunk

    def end(self) -> Streamed:
        """The whole answer. Raises `StreamInterruptedError` if the stream ended without `done`."""
        if self.result is None:
            raise self._interrupted("the stream ended before it was done")
        return self.result

    def interrupted(self, error: Exception) -> StreamInterruptedError:
        """The error for a connection that broke in mid-stream."""
        return self._interrupted(f"the connection broke before the stream was done ({type(error).__name__})")

    def _interrupted(self, message: str) -> StreamInterruptedError:
        return StreamInterruptedError(message, request_id=self._request_id)

    def _read(self, event: Event) -> Chunk | None:
        try:
            if event.name == "chunk":
                return Chunk.model_validate_json(event.data)
            if event.name == "done":
                self.result = self._answer.model_validate_json(event.data)
                return None
            if event.name == "error":
                raise from_body(ErrorBody.model_validate_json(event.data), request_id=self._request_id)
        except ValidationError as error:
            raise self._interrupted(f"the stream holds something else than a {event.name}") from error
        return None
