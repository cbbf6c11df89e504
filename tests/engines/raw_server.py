"""A real HTTP server that answers with the bytes that a test gives it, whatever they are."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

JSON, EVENTS = "application/json", "text/event-stream"


class Server:
    """Answers every connection with the same bytes, or those of its path. `hold`: all connections are held open, or those
    for a path; `left` is set when a client closes one of them."""

    def __init__(self, answer: bytes | Mapping[str, bytes], *, hold: bool | str = False) -> None:
        self.requests: list[bytes] = []
        self.left = threading.Event()
        self._answer = answer
        self._hold = hold
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:{1}".format(*self._listener.getsockname())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        with socket.create_connection(self._listener.getsockname()):
            self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                if request := _request(connection):
                    self.requests.append(request)
                    path = request.split(b" ")[1].decode()
                    connection.sendall(self._answer if isinstance(self._answer, bytes) else self._answer[path])
                    if self._hold in (True, path) and not connection.recv(1):
                        self.left.set()


def _request(connection: socket.socket) -> bytes:
    """Head and body; empty when the connection was only opened."""
    with connection.makefile("rb") as file:
        head, length = b"", 0
        while (line := file.readline()) not in (b"\r\n", b""):
            head += line
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return head + file.read(length)


def answer(body: bytes | dict[str, Any], status: int = 200, kind: str = JSON, length: int | None = None) -> bytes:
    """An HTTP/1.1 response; `length` announces another length than the body's."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    announced = f"Content-Length: {len(content) if length is None else length}\r\n" if kind == JSON else ""
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{announced}Connection: close\r\n\r\n".encode() + content


def events(*bodies: dict[str, Any] | str) -> bytes:
    """A stream that ends with the connection."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return answer("".join(f"data: {text}\n\n" for text in texts).encode(), kind=EVENTS)


def refusal(status: int, **error: Any) -> bytes:
    return answer({"error": {"code": status, "message": "no", **error}}, status)


@contextmanager
def serving(content: bytes | Mapping[str, bytes], *, hold: bool | str = False) -> Iterator[Server]:
    server = Server(content, hold=hold)
    try:
        yield server
    finally:
        server.close()
