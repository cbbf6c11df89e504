"""Server-sent events, encoded and decoded without I/O (WHATWG HTML, section 9.2).

The format has three line ends, LF, CR LF and CR alone, and all are read back as LF: text with a CR in it does not survive.
JSON, which is all that we send, writes it as an escape.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event. `name` is "message" when the sender gave none; it has no line breaks."""

    data: str
    name: str = "message"


def encode(event: Event) -> bytes:
    """The bytes of one event; data with line breaks takes a `data:` line each. `ValueError`: it can't be sent."""
    if "\r" in event.data or "\r" in event.name or "\n" in event.name:
        raise ValueError("an event can't carry a carriage return, nor a line break in its name")
    head = "" if event.name == "message" else f"event: {event.name}\n"
    body = "".join(f"data: {line}\n" for line in event.data.split("\n"))
    return f"{head}{body}\n".encode()


class Decoder:
    """Bytes in any chunking -> events. A trailing event without its blank line is not an event."""

    def __init__(self) -> None:
        # Drops a byte order mark; turns every line end into LF, also one that is split between two chunks.
        self._text = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=True)
        self._rest = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes."""
        *lines, self._rest = (self._rest + self._text.decode(chunk)).split("\n")
        for line in lines:
            event = self._line(line)
            if event is not None:
                yield event

    def _line(self, line: str) -> Event | None:
        if line == "":
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> Event | None:
        data, name = self._data, self._name
        self._data, self._name = [], ""
        return Event("\n".join(data), name or "message") if data else None
