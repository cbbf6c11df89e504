"""The process that keeps llama.cpp's server: `python -m sfm2.engines.llama_server`. The supervisor starts it.

The server itself neither reports to us nor ends with us. This process does both for it: it reports when the weights are
loaded and that the server's loop goes round, and kills the server when its own standard input closes.
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
from typing import NoReturn

from sfm2.engines.llama_server.spec import HOST, LlamaTask, command_line, environment
from sfm2.engines.supervision.reports import BEAT, VARIABLE, BeatLine, FailedLine, ReadyLine, report

_LOOK = 0.1  # seconds between two looks whether it has loaded
_PATIENCE = 3.0  # seconds that it has to end by itself
_ASK_AGAIN = 30.0  # seconds for a sign of life; what reads a long prompt answers between two parts of it
_WORDS = 20  # last lines of what it said
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    task = LlamaTask.model_validate_json(os.environ.pop(VARIABLE))
    _Keeper(task).run()


class _Keeper:
    def __init__(self, task: LlamaTask) -> None:
        self._task = task
        self._said: collections.deque[str] = collections.deque(maxlen=_WORDS)
        self._server = subprocess.Popen(
            command_line(task.spec, task.port),
            cwd=task.spec.folder,
            env=environment(dict(os.environ), task.key),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # no thread has been started yet
        )

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        reader = threading.Thread(target=self._listen, daemon=True)
        reader.start()
        threading.Thread(target=self._end_with_supervisor, daemon=True).start()
        ready = False
        while self._server.poll() is None:
            if ready:
                self._beat()
            elif self._answers("/health", _ASK_AGAIN):
                ready = True
                report(self._ready())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(BEAT if ready else _LOOK)
        reader.join(_PATIENCE)
        self._report_end(ready)

    def _beat(self) -> None:
        """What counts as a beat comes from the loop that works on requests, which /health does not."""
        if self._answers("/metrics", _ASK_AGAIN):
            report(BeatLine())

    def _answers(self, path: str, timeout: float) -> bool:
        connection = http.client.HTTPConnection(HOST, self._task.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._task.key}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _ready(self) -> ReadyLine:
        spec = self._task.spec
        return ReadyLine(
            ready=f"{spec.name} on {spec.device}, by llama.cpp" + (f"; {spec.note}" if spec.note else ""),
            model=spec.name,
            device=spec.device,
            adapter=spec.adapter,
            pid=self._server.pid,
        )

    def _report_end(self, was_ready: bool) -> NoReturn:
        status = self._server.returncode
        how = (
            f"llama-server was ended by signal {-status}" if status < 0 else f"llama-server ended with status {status}"
        )
        words = ": ".join(filter(None, (how, self._complaint())))
        if was_ready or status < 0:
            print(words, file=sys.stderr, flush=True)
        else:
            why = self._complaint() or how
            report(FailedLine(failed=f"llama.cpp can't load {self._task.spec.name}: {why}", final=True))
        os._exit(1)

    def _complaint(self) -> str:
        """The first error among the last lines of its log: those after it follow from it."""
        errors = [line for line in self._said if " E " in line or "error" in line.lower()]
        return (errors[0].partition(" E ")[2] or errors[0]).strip() if errors else ""

    def _listen(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            if text := line.decode(errors="replace").strip():
                self._said.append(text)

    def _end_with_supervisor(self) -> None:
        sys.stdin.buffer.read()
        self._server.kill()
        os._exit(0)

    def _end(self) -> NoReturn:
        self._server.terminate()
        try:
            self._server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._server.kill()
        os._exit(0)


def _end_with_parent() -> None:
    """In the server, before it is one: where the kernel can, it ends with us even if we are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
