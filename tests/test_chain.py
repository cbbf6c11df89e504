"""The whole chain on weights that are real: SFM-2's, a GPT-2 with a LoRA that `sfm2 finetune run` has trained, and an
OpenAI-compatible server. Each earlier one dies in turn, and the next one answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from click.testing import CliRunner

from sfm2.cli.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.config import load
from sfm2.engine.state import Address
from tests.conftest import Running, end, start_server
from tests.engine import tiny
from tests.engine.running import running_engine
from tests.finetune.made import Repository, module

pytestmark = [pytest.mark.engine, pytest.mark.hf, pytest.mark.slow]


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GPT-2 from scratch and its LoRA, by the commands that a user has."""
    from sfm2.cli.finetune.run import run_command

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
def service(folder: Path, lora: Path, openai: Address) -> Iterator[Running]:
    running = start_server(
        folder,
        SFM2_MODELS_GPT2_LORA_BASE_MODEL=str(lora / "base"),
        SFM2_MODELS_GPT2_LORA_LORA_PATH=str(lora),
        OPENAI_BASE_URL=f"{openai.url}/v1",
        OPENAI_API_KEY=openai.key,
        SFM2_MODELS_OPENAI_MODE="completions",
    )
    try:
        running.until_ready()
        yield running
    finally:
        end(running)


@contextmanager
def killed(running: Running) -> Iterator[None]:
    """SFM-2's engine dies, and again as often as it is started anew."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.05):
            for child in psutil.Process(running.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # it may have died meanwhile
                    if "sfm2.engine" in child.cmdline():
                        child.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


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


def test_each_takes_over_when_the_one_before_it_dies(tmp_path: Path, lora: Path, openai: Address) -> None:
    (tmp_path / "one").mkdir()
    with service(tmp_path / "one", lora, openai) as running:
        assert answered_by(running, "sfm2")["fallback"] == []
        with killed(running):
            second = answered_by(running, "gpt2_lora")
        assert [attempt["backend"] for attempt in second["fallback"]] == ["sfm2"]
        assert second["tokens"]["completion"] > 0

    weights = lora / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "two").mkdir()
    try:
        with service(tmp_path / "two", lora, openai) as running, killed(running):
            third = answered_by(running, "openai")
            assert [attempt["backend"] for attempt in third["fallback"]] == ["sfm2", "gpt2_lora"]
            assert third["tokens"]["completion"] > 0
    finally:
        weights.write_bytes(whole)


def test_when_all_are_dead_the_error_names_them_all(tmp_path: Path, lora: Path) -> None:
    nobody = Address("http://127.0.0.1:9", "key")
    gone = tmp_path / "gone"
    gone.mkdir()
    with service(tmp_path, gone, nobody) as running, killed(running):
        for _ in range(40):
            status, body = answer(running)
            if status == httpx.codes.SERVICE_UNAVAILABLE:
                break
    assert status == httpx.codes.SERVICE_UNAVAILABLE
    assert [attempt["backend"] for attempt in body["details"]["attempts"]] == ["sfm2", "gpt2_lora", "openai"]
