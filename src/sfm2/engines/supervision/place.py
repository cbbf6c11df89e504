"""Where a supervised process serves. The address is ours and outlives the process, so that clients of it need not know."""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sfm2.engines.client import EngineAddress

_BACKLOG = 128
_FILE = "engine.sock"


class Serving(Enum):
    """How a process comes to serve at an address of ours."""

    INHERITS = "inherits our listening socket, so that who connects while it restarts waits for a moment"
    BINDS = "binds the port that we hold, which nobody else can meanwhile"
    FILE = "binds a Unix socket in a folder that is ours alone: for servers that do not ask everybody for the key"


@dataclass(frozen=True)
class ServingPlace:
    """Where a process is to serve."""

    socket: int
    """File descriptor of a socket that is bound to the address, where there is one; it listens where it is inherited."""
    port: int
    """On 127.0.0.1."""
    key: str
    """What requests must carry as a bearer token."""
    file: Path | None = None
    """The Unix socket, which does not exist yet."""


class HeldPlace:
    """A place that nobody else can have."""

    def __init__(self, serving: Serving) -> None:
        key = secrets.token_urlsafe(24)
        self._folder = Path(tempfile.mkdtemp(prefix="sfm2-")) if serving is Serving.FILE else None
        self._socket = None if self._folder else _bound(listens=serving is Serving.INHERITS)
        self.inherited = [self._socket.fileno()] if self._socket and serving is Serving.INHERITS else []
        """File descriptors for the process"""
        if self._socket is not None:
            host, port = self._socket.getsockname()
            self.serving = ServingPlace(self._socket.fileno(), port, key)
            """For the process"""
            self.address = EngineAddress(f"http://{host}:{port}", key)
            """For its clients"""
        elif self._folder is not None:
            file = self._folder / _FILE
            self.serving = ServingPlace(-1, 0, key, file)
            self.address = EngineAddress("http://engine", key, str(file))

    def close(self) -> None:
        """Give it up."""
        if self._socket is not None:
            self._socket.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _bound(*, listens: bool) -> socket.socket:
    """A socket at a free port. Where it does not listen, it keeps the port for a child of the same user."""
    found = socket.socket()
    if not listens and hasattr(socket, "SO_REUSEPORT"):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind(("127.0.0.1", 0))
    if listens:
        found.listen(_BACKLOG)
    return found
