"""`sfm2 doctor` as a process, on a machine whose faults a test makes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfm2.testing import clean_environment
from tests.engines.conftest import llama_server as llama_server  # the fixture

_WAIT = 240  # seconds; what is waited for comes much earlier unless something is broken
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Examined:
    """What the command said."""

    code: int
    healthy: bool
    findings: list[dict[str, Any]]

    def of(self, name: str) -> dict[str, Any]:
        """The finding of this name that is worst."""
        levels = ["problem", "warning", "ok"]
        return min((one for one in self.findings if one["name"] == name), key=lambda one: levels.index(one["level"]))

    @property
    def problems(self) -> list[str]:
        return [one["name"] for one in self.findings if one["level"] == "problem"]


Doctor = Callable[..., Examined]


def variables(folder: Path, **more: str) -> dict[str, str]:
    """An environment of its own, with the echo backend and without a server or a proxy."""
    ours = {"SFM2_FALLBACK_CHAIN": "echo", "SFM2_API_PORT": "0", "SFM2_STORAGE_CACHE_DIR": str(folder / "cache")}
    made = clean_environment(folder, {**ours, **more})
    return {name: value for name, value in made.items() if name in more or name.lower() not in _PROXIES}


def run(folder: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "sfm2", "doctor", *options],
        env=variables(folder, **more),
        capture_output=True,
        text=True,
        timeout=_WAIT,
        cwd=folder,
    )


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """`doctor("--quick", SFM2_SOME="value")`."""

    def examined(*options: str, **more: str) -> Examined:
        done = run(tmp_path, "--json", *options, **more)
        assert done.stderr == "", done.stderr
        report = json.loads(done.stdout)
        assert all(one["advice"] for one in report["findings"] if one["level"] != "ok"), "each says what to do"
        return Examined(done.returncode, report["healthy"], report["findings"])

    return examined
