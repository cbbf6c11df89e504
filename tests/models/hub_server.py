"""A small server like the hub: a redirect with the digest, ranges, and connections that break on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    content: bytes
    announced: str
    breaks_after: list[int] = field(default_factory=list)
    """For each of the next responses, the bytes after which the connection breaks."""
    knows_ranges: bool = True
    starts: list[int] = field(default_factory=list)
    """The offset of the first byte of each response."""
    endpoint: str = ""


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith("/tiny/coder-GGUF/resolve/main/tiny.gguf") and self.path != "/bytes":
                self.send_error(404)
            elif self.path == "/bytes":
                self.send_content()
            else:
                self.send_response(302)
                self.send_header("X-Linked-Etag", f'"{hub.announced}"')
                self.send_header("Location", "/bytes")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def send_content(self) -> None:
            asked = self.headers.get("Range") if hub.knows_ranges else None
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            hub.starts.append(start)
            body = hub.content[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: hub.breaks_after.pop(0)] if hub.breaks_after else body)

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
