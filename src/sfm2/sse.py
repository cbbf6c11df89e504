"""Server-sent events, encoded and decoded without I/O (WHATWG HTML, section 9.2).

The format has three line ends, LF, CR LF and CR alone, and all are read back as LF: a CR in the text does not survive.
JSON, which is all that we send, writes it as an escape.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event."""

    data: str
    name: str = "message"
    """Its type, without line breaks; "message" if the sender gave none"""


def encode(event: Event) -> bytes:
    """The bytes of one event, with a `data:` line for each line of its data. Raises `ValueError` for a carriage return."""
    if "\r" in event.data or "\r" in event.name or "\n" in event.name:
        raise ValueError("an event can't contain a carriage return, nor a line break in its name")
    head = "" if event.name == "message" else f"event: {event.name}\n"
    body = "".join(f"data: {line}\n" for line in event.data.split("\n"))
    return f"{head}{body}\n".encode()


class Decoder:
    """Decodes events from bytes, however they are split. An event is complete with the blank line that ends it."""

    def __init__(self) -> None:
        # Drops a byte order mark, and turns every line end into LF, even one that is split between two chunks.
        self._text = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("replace"), translate=True)
        self._rest: list[str] = []  # of a line, in pieces: joined once, however many there are
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes."""
        *lines, rest = self._text.decode(chunk).split("\n")
        if lines:
            lines[0] = "".join((*self._rest, lines[0]))
            self._rest = []
        self._rest.append(rest)
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
