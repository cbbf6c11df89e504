"""What many tests need: a real server in a process of its own, and an environment without the user's settings."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_make_scheduler"]
_OURS = re.compile(r"SFM2_|OPENAI_")


def clean_environment(data_dir: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's, without settings of ours; keys and counters go to `data_dir`."""
    kept = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    return {**kept, "SFM2_STORAGE_DATA_DIR": str(data_dir), "SFM2_CONFIG": str(_empty_config(data_dir)), **more}


def _empty_config(folder: Path) -> Path:
    path = folder / "config.json"
    path.write_text("{}", encoding="utf-8")
    return path


@dataclass
class Running:
    """A `sfm2 serve` that runs; its log is in `log`."""

    url: str
    process: subprocess.Popen[str]
    log: Path
    environment: Mapping[str, str]

    def until_ready(self, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if httpx.get(f"{self.url}/health/ready").status_code == httpx.codes.OK:
                return
            time.sleep(0.1)
        pytest.fail(f"not ready within {seconds} s: {httpx.get(f'{self.url}/health').text}\n{self.log.read_text()}")

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def start_server(data_dir: Path, *options: str, **environment: str) -> Running:
    """Returns when the server says where it serves; models may still be loading."""
    variables = clean_environment(data_dir, environment)
    log = data_dir / "server.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sfm2", "serve", "--port", "0", *options],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return Running(found[0], process, log, variables)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def end(running: Running) -> None:
    if running.process.poll() is None:
        running.stop()
    assert running.process.stdout is not None
    running.process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service on the default weights, as a user would start it."""
    running = start_server(tmp_path_factory.mktemp("server"))
    running.until_ready()
    yield running
    end(running)
