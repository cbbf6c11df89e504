"""`sfm2` as its users call it: real processes, with the echo backend in the model's place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SFM2 = [sys.executable, "-m", "sfm2"]
WAIT = 30  # seconds; what is waited for comes much earlier unless something is broken

Ran = subprocess.CompletedProcess[str]
Sfm2 = Callable[..., Ran]


def isolated(folder: Path, port: str = "0") -> dict[str, str]:
    """An environment of its own; port 0: no server is looked for."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SFM2_", "OPENAI_"))}
    return clean | {
        "SFM2_FALLBACK_CHAIN": "echo",
        "SFM2_API_PORT": port,
        "SFM2_STORAGE_DATA_DIR": str(folder / "data"),
        "SFM2_STORAGE_CACHE_DIR": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return isolated(tmp_path)


@pytest.fixture
def sfm2(environment: dict[str, str], tmp_path: Path) -> Sfm2:
    """`sfm2("generate", "x", stdin="...", SFM2_SOME="value")`; standard input is empty unless given."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> Ran:
        return subprocess.run(
            [*SFM2, *arguments],
            env=environment | variables,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=WAIT,
            cwd=tmp_path,
        )

    return run


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `sfm2 serve`."""
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*SFM2, "serve"], env=isolated(folder), stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    try:
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url, (folder / "log").read_text()
        yield url[0]
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)
