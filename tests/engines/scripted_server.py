"""A real HTTP server that speaks llama.cpp's protocol, and misbehaves in one way as soon as a test wants it to."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

GARBAGE = b"\x00\xff<html>what?</html>"


class Conduct(Enum):
    """What it does with a completion; with everything where that is said."""

    WELL = "answers"
    GARBAGE = "answers with something else"
    NO_HTTP = "sends bytes that are no HTTP, to everything"
    CLOSES = "closes the connection"
    FAILS = "answers with status 500"
    LOADS = "answers with status 503"
    FULL = "answers with status 429"
    REFUSES = "does not take the request"
    BREAKS = "closes the connection after a chunk"
    HANGS = "is silent after a chunk"
    STALLS = "accepts a completion and is silent"
    FREEZES = "accepts everything and is silent"
    BUSY = "completes, and does not say how it is doing"


class ScriptedServer:
    """Listens on `url`. `prompts` are those of the completions it was asked for."""

    def __init__(self) -> None:
        self.conduct = Conduct.WELL
        self.model = "tiny"
        self.prompts: list[str] = []
        self.left = threading.Event()
        """A client has closed a connection while it was silent."""
        self.thawed = threading.Event()
        handler = type("Handler", (_Handler,), {"server_of": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self._thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Nothing listens any more."""
        if self._thread.is_alive():
            self.thawed.set()
            self.http.shutdown()
            self.http.server_close()
            self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_of: ClassVar[ScriptedServer]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        if self._misbehaves():
            return
        if self.server_of.conduct is Conduct.BUSY:
            self._silence()
            return
        if self.path == "/props":
            self._json({"model_alias": self.server_of.model, "default_generation_settings": {"n_ctx": 512}})
        else:
            self._json({"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            if not self._misbehaves():
                self._json({"tokens": list(body["content"].encode())})
            return
        self.server_of.prompts.append(body["prompt"])
        if not self._misbehaves():
            self._complete(self.server_of.conduct)

    def _misbehaves(self) -> bool:
        """In everything."""
        if self.server_of.conduct is Conduct.NO_HTTP:
            self._bytes(GARBAGE)
            return True
        if self.server_of.conduct is Conduct.FREEZES:
            self._silence()
            return True
        return False

    def _complete(self, conduct: Conduct) -> None:
        if conduct is Conduct.GARBAGE:
            self._send(200, GARBAGE, "text/event-stream", b"data: ")
        elif conduct is Conduct.CLOSES:
            self._bytes(b"")
        elif conduct is Conduct.FAILS:
            self._json({"error": {"code": 500, "type": "server_error", "message": "out of memory"}}, 500)
        elif conduct is Conduct.LOADS:
            self._json({"error": {"code": 503, "type": "unavailable_error", "message": "Loading model"}}, 503)
        elif conduct is Conduct.FULL:
            self._json({"error": {"code": 429, "type": "overloaded_error", "message": "full"}}, 429)
        elif conduct is Conduct.REFUSES:
            self._json({"error": {"code": 400, "type": "invalid_request_error", "message": "no"}}, 400)
        elif conduct is Conduct.STALLS:
            self._silence()
        else:
            first = {"content": self.server_of.url, "tokens": [1]}
            last = {"content": "", "stop": True, "stop_type": "eos", "tokens_evaluated": 3}
            whole = conduct not in (Conduct.BREAKS, Conduct.HANGS)
            text = "".join(f"data: {json.dumps(event)}\n\n" for event in ([first, last] if whole else [first]))
            self._send(200, text.encode(), "text/event-stream", missing=0 if whole else 1)
            if conduct is Conduct.HANGS:
                self._silence()
            self.close_connection |= not whole

    def _json(self, body: dict[str, Any], status: int = 200) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str, before: bytes = b"", missing: int = 0) -> None:
        """`missing`: bytes that are announced and do not come."""
        content = before + content + (b"\n\n" if before else b"")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) + missing))
        self.end_headers()
        self.wfile.write(content)

    def _bytes(self, content: bytes) -> None:
        self.wfile.write(content)
        self.close_connection = True

    def _silence(self) -> None:
        self.connection.settimeout(0.02)
        while not self.server_of.thawed.is_set():
            try:
                if not self.connection.recv(1):
                    self.server_of.left.set()
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


@contextmanager
def scripted_servers(count: int) -> Iterator[list[ScriptedServer]]:
    """`count` of them that behave well."""
    servers = [ScriptedServer() for _ in range(count)]
    try:
        yield servers
    finally:
        for server in servers:
            server.close()
