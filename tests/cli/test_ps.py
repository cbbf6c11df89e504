"""`sfm2 ps` and `sfm2 pull`, as people type them who come from Ollama."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfm2.testing import ScriptedBackend, serve
from sfm2.types import BackendHealth, BackendStatus
from tests.cli.conftest import Sfm2
from tests.server.live import settings_for

LOADED = BackendHealth(status=BackendStatus.AVAILABLE, model="a-model", device="CPU", adapter="mine")
LOADING = BackendHealth(status=BackendStatus.LOADING, model="b-model", progress=0.25)
MISSING = BackendHealth(status=BackendStatus.NOT_CONFIGURED, reason="set something")


@pytest.mark.slow
def test_what_is_loaded_and_what_is_being_loaded(sfm2: Sfm2, tmp_path: Path) -> None:
    backends = [
        ScriptedBackend("sfm2", health=LOADED),
        ScriptedBackend("gpt2_lora", health=LOADING),
        ScriptedBackend("openai", health=MISSING),
    ]
    with serve(settings_for(tmp_path), backends) as server:
        result = sfm2("ps", "--api-url", server.url)
        listed = json.loads(sfm2("ps", "--json", "--api-url", server.url).stdout)
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["MODEL", "BACKEND", "STATUS", "DEVICE", "ADAPTER"],
        ["a-model", "sfm2", "available", "CPU", "mine"],
        ["b-model", "gpt2_lora", "loading,", "25%", "-", "-"],
    ]
    assert result.stderr == f"at {server.url}\n"
    assert [(one["backend"], one["progress"]) for one in listed] == [("sfm2", None), ("gpt2_lora", 0.25)]


def test_without_a_server_nothing_is_loaded(sfm2: Sfm2) -> None:
    result = sfm2("ps")
    assert (result.returncode, result.stdout) == (3, "")
    assert "`sfm2 serve` starts a server" in result.stderr


def test_pull_is_models_pull(sfm2: Sfm2) -> None:
    short, long = sfm2("pull", "gpt-9"), sfm2("models", "pull", "gpt-9")
    assert (short.returncode, short.stderr) == (long.returncode, long.stderr)
    assert "there is no model 'gpt-9'" in short.stderr
