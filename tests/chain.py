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
from sfm2.config import load
from sfm2.engine.state import Address
from tests.conftest import Running, end, start_server
from tests.engine import tiny
from tests.engine.running import running_engine
from tests.finetune.made import Repository, module


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
def openai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Somebody else's server: an engine of tiny weights speaks OpenAI's protocol."""
    home = tmp_path_factory.mktemp("openai")
    given = {"models.sfm2.path": tiny.write(home / "tiny.gguf"), "storage.cache_dir": home / "cache"}
    with running_engine(load({**given, "models.sfm2.context": 512}, environment={}).settings) as address:
        yield address


@contextmanager
def service(folder: Path, lora: Path, openai: Address, **environment: str) -> Iterator[Running]:
    """With SFM-2's default weights, unless the environment names others."""
    folder.mkdir(exist_ok=True)
    running = start_server(
        folder,
        SFM2_MODELS_GPT2_LORA_BASE_MODEL=str(lora / "base"),
        SFM2_MODELS_GPT2_LORA_LORA_PATH=str(lora),
        OPENAI_BASE_URL=f"{openai.url}/v1",
        OPENAI_API_KEY=openai.key,
        SFM2_MODELS_OPENAI_MODE="completions",
        **environment,
    )
    try:
        running.until_ready()
        yield running
    finally:
        end(running)


@contextmanager
def killed(running: Running) -> Iterator[list[psutil.Process]]:
    """SFM-2's engine dies, and again as often as it is started anew; those that died."""
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


def engines_of(running: Running) -> list[psutil.Process]:
    """Of this service alone. One that is gone by now is none."""
    return [one for one in psutil.Process(running.process.pid).children(recursive=True) if _is_engine(one)]


def _is_engine(process: psutil.Process) -> bool:
    try:
        return "sfm2.engine" in process.cmdline()
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


def answer(running: Running) -> tuple[int, dict[str, Any]]:
    body = {"prompt": "def ada_0(first, second):\n", "max_length": 12, "temperature": 0, "language": "python"}
    response = httpx.post(f"{running.url}/generate", json=body, timeout=60)
    return response.status_code, response.json()


def answered_by(running: Running, name: str) -> dict[str, Any]:
    """Once what is being killed is dead, and what is being loaded is there."""
    for _ in range(40):
        status, body = answer(running)
        if status == httpx.codes.OK and body["model_used"] == name:
            return body
    pytest.fail(f"{name} never answered; the last answer was {body}")
