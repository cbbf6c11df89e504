"""The process that keeps vLLM's server: `python -m sfm2.engines.vllm`. The supervisor starts it.

Ready is vLLM when it has answered a first request.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket

from sfm2.engines.supervision.keeping import ASK_AGAIN, ServerKeeper
from sfm2.engines.supervision.reports import VARIABLE, BeatLine, ReadyLine, StepLine, report
from sfm2.engines.vllm.metrics import progress_in
from sfm2.engines.vllm.processes import companions, computing
from sfm2.engines.vllm.spec import VLLMTask, command_line, environment
from sfm2.engines.vllm.startup import complaint_in, step_of

_FIRST_REQUEST = 600.0  # seconds: it may compile for it, and nobody who types shall wait for that


def main() -> None:
    task = VLLMTask.model_validate_json(os.environ.pop(VARIABLE))
    _VLLMKeeper(task).run()


class _VLLMKeeper(ServerKeeper):
    name = "vLLM"
    look = 0.2
    patience = 4.0
    words = 400  # its tracebacks are long, and each of its processes has one

    def __init__(self, task: VLLMTask) -> None:
        task.file.unlink(missing_ok=True)  # of a life before this one
        spec = task.spec
        super().__init__(spec.name, command_line(spec, task.file), environment(dict(os.environ), spec, task.key))
        self._task = task
        self._step: StepLine | None = None
        self._progress = -1.0
        self._doubtful = False
        report(StepLine(step="starting vLLM"))

    def connected(self, timeout: float) -> http.client.HTTPConnection:
        return _FileConnection(str(self._task.file), timeout)

    def key(self) -> str:
        return self._task.key

    def has_loaded(self) -> bool:
        if self.ask("GET", "/health") is None:
            return False
        report(StepLine(step="answering a first request"))
        return self._completes(_FIRST_REQUEST)

    def ready(self) -> ReadyLine:
        spec = self._task.spec
        return ReadyLine(
            ready=f"{spec.name} on {spec.device}, by vLLM" + (f"; {spec.note}" if spec.note else ""),
            model=spec.name,
            device=spec.device,
            adapter=spec.adapter,
            pid=computing(self.server.pid),
        )

    def beat(self) -> None:
        """It moves when it has read or written a token since the last look, or has nothing to do. Once it had something to
        do and did not move, whoever waited may have left: then it is asked itself."""
        load, metrics = self.ask("GET", "/load"), self.ask("GET", "/metrics")
        if load is None or metrics is None:
            return
        progress, idle = progress_in(metrics), json.loads(load)["server_load"] == 0
        moved = progress != self._progress
        self._progress = progress
        self._doubtful = not moved and (self._doubtful or not idle)
        if not self._doubtful:
            report(BeatLine())
        elif idle and self._completes(ASK_AGAIN):
            self._doubtful = False
            report(BeatLine())

    def complaint(self) -> str:
        return complaint_in(list(self.said)) or ""

    def heard(self, line: str) -> None:
        step = step_of(line)
        if step is not None and step != self._step:
            report(step)
            self._step = step

    def kill(self) -> None:
        """With what it started: that may outlive it."""
        super().kill()
        for one in companions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def clean_up(self) -> None:
        shutil.rmtree(self._task.file.parent, ignore_errors=True)  # who held it may have been killed

    def _completes(self, timeout: float) -> bool:
        """Whether it answers a request, as short as there is."""
        call = {"model": self._task.spec.name, "prompt": [1], "max_tokens": 1, "temperature": 0}
        return self.ask("POST", "/v1/completions", json.dumps(call), timeout) is not None


class _FileConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, file: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._file)


if __name__ == "__main__":
    main()
