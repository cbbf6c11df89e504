"""A service with all three links of the chain, and what kills each of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.testing import ServerProcess, serve_process, until
from tests.engines import tiny
from tests.finetune.git_repositories import Repository, module


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GPT-2 from scratch and its LoRA, by the commands that a user has."""
    from sfm2.cli.commands.finetune.run import run_command

    folder = tmp_path_factory.mktemp("gpt2")
    made = Repository(folder / "shop")
    for name in ("ada", "bob", "cyd"):
        made.commit(**{f"{name}_py": module(name)})
    shape = folder / "config.json"
    shape.write_text(json.dumps({"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 256}), encoding="utf-8")
    data, output = folder / "data", folder / "lora"
    for command, *given in (
        (data_command, made.folder, "--output", data),
        (run_command, data, "--output", output, "--base", f"config:{shape}", "--row", 256, "--steps", 10, "--rows", 1),
    ):
        shown = CliRunner().invoke(command, [str(one) for one in given], obj=Invocation(None))
        assert shown.exception is None, shown.stderr
    return output


@pytest.fixture(scope="module")
def openai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of an OpenAI-compatible server: another `sfm2 serve`, on tiny weights."""
    home = tmp_path_factory.mktemp("openai")
    with serve_process(home, environment=tiny_weights(home)) as server:
        yield f"{server.url}/v1"


def tiny_weights(home: Path) -> dict[str, str]:
    """The variables of a service on tiny weights alone, which it keeps in `home`."""
    return {
        "SFM2_MODELS_SFM2_PATH": str(tiny.write(home / "tiny.gguf")),
        "SFM2_MODELS_SFM2_CONTEXT": "512",
        "SFM2_STORAGE_CACHE_DIR": str(home / "cache"),
    }


@contextmanager
def service(folder: Path, lora: Path, openai: str, **environment: str) -> Iterator[ServerProcess]:
    """With SFM-2's default weights, unless the environment names others; `openai` is a base URL."""
    folder.mkdir(exist_ok=True)
    variables = {
        "SFM2_MODELS_GPT2_LORA_BASE_MODEL": str(lora / "base"),
        "SFM2_MODELS_GPT2_LORA_LORA_PATH": str(lora),
        "OPENAI_BASE_URL": openai,
        "SFM2_MODELS_OPENAI_MODE": "completions",
        "SFM2_MODELS_OPENAI_MODEL": "sfm2",
        **environment,
    }
    with serve_process(folder, environment=variables) as running:
        yield running


@contextmanager
def killed(running: ServerProcess) -> Iterator[list[psutil.Process]]:
    """SFM-2's engine dies, and again as often as it is restarted; those that died."""
    over, dead = threading.Event(), list[psutil.Process]()

    def kill() -> None:
        while not over.wait(0.05):
            dead.extend(engine for engine in engines_of(running) if _kill(engine))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield dead
    finally:
        over.set()
        killer.join()


def engines_of(running: ServerProcess) -> list[psutil.Process]:
    """The engine processes of this service alone, as far as they still run."""
    return [one for one in psutil.Process(running.process.pid).children(recursive=True) if _is_engine(one)]


def _is_engine(process: psutil.Process) -> bool:
    try:
        return "sfm2.engines.openvino" in process.cmdline()
    except psutil.Error:
        return False


def _kill(process: psutil.Process) -> bool:
    try:
        process.kill()
        process.wait(5)
    except psutil.NoSuchProcess:
        return False
    return True


@contextmanager
def truncated(path: Path) -> Iterator[None]:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        yield
    finally:
        path.write_bytes(whole)


def answer(running: ServerProcess) -> tuple[int, dict[str, Any]]:
    body = {"prompt": "def ada_0(first, second):\n", "max_length": 12, "temperature": 0, "language": "python"}
    response = httpx.post(f"{running.url}/generate", json=body, timeout=60)
    return response.status_code, response.json()


def answered_by(running: ServerProcess, name: str) -> dict[str, Any]:
    """The first answer by this backend: until then, what is killed dies and what loads gets ready."""
    last: dict[str, Any] = {}

    def answered() -> bool:
        nonlocal last
        status, last = answer(running)
        return status == httpx.codes.OK and last["model_used"] == name

    until(answered, 120, lambda: f"an answer by {name}; the last one was {last}")
    return last
