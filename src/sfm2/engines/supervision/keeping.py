"""The process that keeps somebody else's server: the supervisor starts it, and it starts the server.

The server itself neither reports to us nor ends with us. This process does both for it: it reports how far it has come, when
the weights are loaded and that its loop goes round; and ends it when its own standard input closes.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from sfm2.engines.supervision.reports import BEAT, FailedLine, ReadyLine, report

ASK_AGAIN = 30.0
"""Seconds that a server has for a sign of life: what reads a long prompt answers between two parts of it."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


class ServerKeeper(ABC):
    """Starts the server at once; then `run` it. Subclasses know how it is asked, and what it says."""

    name: str
    """Of the server, for people."""
    look: float
    """Seconds between two looks whether it has loaded."""
    patience: float
    """Seconds that it has to end by itself."""
    words: int
    """Of what it said, so many of the last lines are kept."""

    def __init__(
        self, model: str, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        self._model = model
        self.said: collections.deque[str] = collections.deque(maxlen=self.words)
        """The last lines of its log"""
        self.server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # no thread has been started yet
        )

    @abstractmethod
    def connected(self, timeout: float) -> http.client.HTTPConnection:
        """A connection that `timeout` seconds of silence end."""

    @abstractmethod
    def key(self) -> str:
        """What requests must carry as a bearer token."""

    @abstractmethod
    def has_loaded(self) -> bool:
        """Whether it can answer by now; asked until it can."""

    @abstractmethod
    def ready(self) -> ReadyLine:
        """What to report then."""

    @abstractmethod
    def beat(self) -> None:
        """Report a beat, if the loop that works on requests goes round."""

    @abstractmethod
    def complaint(self) -> str:
        """What went wrong, of what it `said`; empty where nothing tells."""

    def heard(self, line: str) -> None:
        """It said something."""
        return

    def kill(self) -> None:
        """End it, with all that it started."""
        self.server.kill()

    def clean_up(self) -> None:
        """Take away what whoever started us would have taken away."""
        return

    def ask(self, method: str, path: str, body: str | None = None, timeout: float = ASK_AGAIN) -> str | None:
        """What it answers; None: nothing, or a refusal."""
        connection = self.connected(timeout)
        headers = {"Authorization": f"Bearer {self.key()}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.read().decode(errors="replace") if response.status == http.HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def run(self) -> NoReturn:
        """Until the server ends, or is ended."""
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        reader = threading.Thread(target=self._listen, daemon=True)
        reader.start()
        threading.Thread(target=self._end_with_supervisor, daemon=True).start()
        is_ready = False
        while self.server.poll() is None:
            if is_ready:
                self.beat()
            elif self.has_loaded():
                is_ready = True
                report(self.ready())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(BEAT if is_ready else self.look)
        reader.join(self.patience)
        self._report_end(is_ready)

    def _report_end(self, was_ready: bool) -> NoReturn:
        status, why = self.server.returncode, self.complaint()
        how = f"{self.name} was ended by signal {-status}" if status < 0 else f"{self.name} ended with status {status}"
        if was_ready or status < 0:
            print(": ".join(filter(None, (how, why))), file=sys.stderr, flush=True)
        else:
            report(FailedLine(failed=f"{self.name} can't run {self._model}: {why or how}", final=True))
        self.kill()
        os._exit(1)

    def _listen(self) -> None:
        assert self.server.stdout is not None
        for line in self.server.stdout:
            if text := line.decode(errors="replace").strip():
                self.said.append(text)
                self.heard(text)

    def _end_with_supervisor(self) -> None:
        sys.stdin.buffer.read()
        self.kill()
        self.clean_up()
        os._exit(0)

    def _end(self) -> NoReturn:
        self.server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.wait(self.patience)
        self.kill()
        os._exit(0)


def _end_with_parent() -> None:
    """In the server, before it is one: where the kernel can, it ends with us even if we are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
