"""The process that keeps llama.cpp's server: `python -m sfm2.engines.llama_server`. The supervisor starts it."""

from __future__ import annotations

import http.client
import os

from sfm2.engines.llama_server.spec import HOST, LlamaTask, command_line, environment
from sfm2.engines.supervision.keeping import ServerKeeper
from sfm2.engines.supervision.reports import VARIABLE, BeatLine, ReadyLine, report


def main() -> None:
    task = LlamaTask.model_validate_json(os.environ.pop(VARIABLE))
    _LlamaKeeper(task).run()


class _LlamaKeeper(ServerKeeper):
    name = "llama-server"
    look = 0.1
    patience = 3.0
    words = 20

    def __init__(self, task: LlamaTask) -> None:
        spec = task.spec
        super().__init__(
            spec.name, command_line(spec, task.port), environment(dict(os.environ), task.key), folder=spec.folder
        )
        self._task = task

    def connected(self, timeout: float) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self._task.port, timeout=timeout)

    def key(self) -> str:
        return self._task.key

    def has_loaded(self) -> bool:
        return self.ask("GET", "/health") is not None

    def ready(self) -> ReadyLine:
        spec = self._task.spec
        return ReadyLine(
            ready=f"{spec.name} on {spec.device}, by llama.cpp" + (f"; {spec.note}" if spec.note else ""),
            model=spec.name,
            device=spec.device,
            adapter=spec.adapter,
            pid=self.server.pid,
        )

    def beat(self) -> None:
        """What counts as a beat comes from the loop that works on requests, which /health does not."""
        if self.ask("GET", "/metrics") is not None:
            report(BeatLine())

    def complaint(self) -> str:
        """The first error among the last lines of its log: those after it follow from it."""
        errors = [line for line in self.said if " E " in line or "error" in line.lower()]
        return (errors[0].partition(" E ")[2] or errors[0]).strip() if errors else ""


if __name__ == "__main__":
    main()
