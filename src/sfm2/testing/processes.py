"""`sfm2 serve` in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sfm2.testing.waiting import until

_OURS = re.compile(r"SFM2_|OPENAI_")
_STOPPING = 60.0  # seconds that a server gets to end by itself
_LOADING = 240.0  # seconds for the weights


def clean_environment(data_dir: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of SFM-2, with an empty configuration and keys and counters in `data_dir`.

    Repositories that were indexed are not read. `more` is added to it.
    """
    config = data_dir / "config.json"
    config.write_text("{}", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    ours = {"SFM2_STORAGE_DATA_DIR": data_dir, "SFM2_STORAGE_STATE_DIR": data_dir / "state", "SFM2_CONFIG": config}
    alone = {"SFM2_REPOSITORY_ENABLED": "false"}
    return {**kept, **{name: str(value) for name, value in ours.items()}, **alone, **(more or {})}


@dataclass
class ServerProcess:
    """A `sfm2 serve` that runs."""

    url: str
    process: subprocess.Popen[str]
    log: Path
    """The file with what it writes to standard error."""
    environment: Mapping[str, str]

    def until_ready(self, seconds: float = _LOADING) -> None:
        """Wait until it can answer. Raises `AssertionError` with its health and its log."""
        until(self._is_ready, seconds, self._state)

    def stop(self) -> int:
        """Send SIGTERM and wait for its end; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOPPING)

    def close(self) -> None:
        """Stop it if it runs, and release what belongs to it. Again is harmless."""
        if self.process.poll() is None:
            self.stop()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _is_ready(self) -> bool:
        try:
            return self._get("/health/ready").status_code == httpx.codes.OK
        except httpx.TimeoutException:  # on a machine that is busy it is only late
            return False

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=30)

    def _state(self) -> str:
        return f"a ready server; {self._get('/health').text}\n{self.log.read_text(encoding='utf-8')}"


def start_process(data_dir: Path, *options: str, environment: Mapping[str, str] | None = None) -> ServerProcess:
    """Start `sfm2 serve` with `options` and variables; returns when it listens. Models may still be loading.

    Raises `AssertionError` with its log when it ends instead.
    """
    variables = clean_environment(data_dir, environment)
    log = data_dir / "server.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sfm2", "serve", "--port", "0", *options],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None  # it was asked for
    for line in process.stdout:
        if found := re.search(r"https?://\S+", line):
            return ServerProcess(found[0], process, log, variables)
    process.wait()
    process.stdout.close()
    raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def serve_process(
    data_dir: Path, *options: str, environment: Mapping[str, str] | None = None, ready: bool = True
) -> Iterator[ServerProcess]:
    """`sfm2 serve` for as long as this lasts, with `options` and environment variables.

    Keys, counters and the log go to `data_dir`. With `ready`, waits until it can answer.
    """
    running = start_process(data_dir, *options, environment=environment)
    try:
        if ready:
            running.until_ready()
        yield running
    finally:
        running.close()
