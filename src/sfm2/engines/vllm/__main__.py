"""The process that keeps vLLM's server: `python -m sfm2.engines.vllm`. The supervisor starts it.

The server itself neither reports to us nor ends with us. This process does both for it: it reports how far it has come, when
it has answered a first request, and that its loop goes round; and ends it, with all that it started, when its own standard
input closes.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from typing import NoReturn

from sfm2.engines.supervision.reports import BEAT, VARIABLE, BeatLine, FailedLine, ReadyLine, StepLine, report
from sfm2.engines.vllm.metrics import progress_in
from sfm2.engines.vllm.processes import companions, computing
from sfm2.engines.vllm.spec import VLLMTask, command_line, environment
from sfm2.engines.vllm.startup import complaint_in, step_of

_LOOK = 0.2  # seconds between two looks whether it has loaded
_PATIENCE = 4.0  # seconds that it has to end by itself
_ASK_AGAIN = 30.0  # seconds for a sign of life
_FIRST_REQUEST = 600.0  # seconds
_WORDS = 400  # last lines of what it said: its tracebacks are long, and each of its processes has one
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    task = VLLMTask.model_validate_json(os.environ.pop(VARIABLE))
    _VLLMKeeper(task).run()


class _VLLMKeeper:
    def __init__(self, task: VLLMTask) -> None:
        self._task = task
        self._said: collections.deque[str] = collections.deque(maxlen=_WORDS)
        self._progress = -1.0
        self._doubtful = False
        task.file.unlink(missing_ok=True)  # of a life before this one
        self._server = subprocess.Popen(
            command_line(task.spec, task.file),
            env=environment(dict(os.environ), task.spec, task.key),
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
        report(StepLine(step="starting vLLM"))
        ready = False
        while self._server.poll() is None:
            if ready:
                self._beat()
            elif self._ask("GET", "/health", timeout=_ASK_AGAIN) is not None:
                report(StepLine(step="answering a first request"))
                ready = self._completes(
                    _FIRST_REQUEST
                )  # which may compile for it: nobody who types shall wait for that
                if ready:
                    report(self._ready())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(BEAT if ready else _LOOK)
        reader.join(_PATIENCE)
        self._report_end(ready)

    def _beat(self) -> None:
        """It moves when it has read or written a token since the last look, or has nothing to do. Once it had something to
        do and did not move, whoever waited may have left: then it is asked itself."""
        load, metrics = self._ask("GET", "/load", timeout=_ASK_AGAIN), self._ask("GET", "/metrics", timeout=_ASK_AGAIN)
        if load is None or metrics is None:
            return
        progress, idle = progress_in(metrics), json.loads(load)["server_load"] == 0
        moved = progress != self._progress
        self._progress = progress
        self._doubtful = not moved and (self._doubtful or not idle)
        if not self._doubtful:
            report(BeatLine())
        elif idle and self._completes(_ASK_AGAIN):
            self._doubtful = False
            report(BeatLine())

    def _completes(self, timeout: float) -> bool:
        """Whether it answers a request, as short as there is."""
        call = {"model": self._task.spec.name, "prompt": [1], "max_tokens": 1, "temperature": 0}
        return self._ask("POST", "/v1/completions", json.dumps(call), timeout=timeout) is not None

    def _ask(self, method: str, path: str, body: str | None = None, *, timeout: float) -> str | None:
        connection = _FileConnection(str(self._task.file), timeout)
        headers = {"Authorization": f"Bearer {self._task.key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.read().decode(errors="replace") if response.status == http.HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _ready(self) -> ReadyLine:
        spec = self._task.spec
        return ReadyLine(
            ready=f"{spec.name} on {spec.device}, by vLLM" + (f"; {spec.note}" if spec.note else ""),
            model=spec.name,
            device=spec.device,
            adapter=spec.adapter,
            pid=computing(self._server.pid),
        )

    def _report_end(self, was_ready: bool) -> NoReturn:
        status = self._server.returncode
        how = f"vLLM was ended by signal {-status}" if status < 0 else f"vLLM ended with status {status}"
        why = complaint_in(list(self._said))
        if was_ready or status < 0:
            print(": ".join(filter(None, (how, why))), file=sys.stderr, flush=True)
        else:
            report(FailedLine(failed=f"vLLM can't run {self._task.spec.name}: {why or how}", final=True))
        self._kill_all()
        os._exit(1)

    def _listen(self) -> None:
        assert self._server.stdout is not None
        last: StepLine | None = None
        for line in self._server.stdout:
            if text := line.decode(errors="replace").strip():
                self._said.append(text)
                if (step := step_of(text)) is not None and step != last:
                    report(step)
                    last = step

    def _end_with_supervisor(self) -> None:
        sys.stdin.buffer.read()
        self._kill_all()
        shutil.rmtree(self._task.file.parent, ignore_errors=True)  # who held it may have been killed
        os._exit(0)

    def _end(self) -> NoReturn:
        self._server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(_PATIENCE)
        self._kill_all()
        os._exit(0)

    def _kill_all(self) -> None:
        """The server, with what it started: that may outlive it."""
        self._server.kill()
        for one in companions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)


class _FileConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, file: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._file)


def _end_with_parent() -> None:
    """In the server, before it is one: where the kernel can, it ends with us even if we are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
