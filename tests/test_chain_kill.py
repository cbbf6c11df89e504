"""The chain in small: tiny weights of all three kinds, trained or made here, so that nothing is pulled. Each earlier link is
killed in turn, and the answer says who gave it and why the others did not. `test_chain` has it on the default weights."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sfm2.engine.state import Address
from tests.conftest import Running, end, start_server
from tests.engine import tiny
from tests.test_chain import answer, answered_by
from tests.test_chain import lora as lora
from tests.test_chain import openai as openai

pytestmark = [pytest.mark.slow, pytest.mark.hf]

GIVEN_UP = "times in a row"  # what the supervisor says of an engine that it can't keep alive


@contextmanager
def service(folder: Path, lora: Path, openai: Address, cache: Path) -> Iterator[Running]:
    folder.mkdir()
    running = start_server(
        folder,
        SFM2_MODELS_SFM2_PATH=str(tiny.write(cache / "tiny.gguf")),
        SFM2_MODELS_SFM2_CONTEXT="512",
        SFM2_STORAGE_CACHE_DIR=str(cache),
        SFM2_MODELS_GPT2_LORA_BASE_MODEL=str(lora / "base"),
        SFM2_MODELS_GPT2_LORA_LORA_PATH=str(lora),
        OPENAI_BASE_URL=f"{openai.url}/v1",
        OPENAI_API_KEY=openai.key,
        SFM2_MODELS_OPENAI_MODE="completions",
    )
    try:
        running.until_ready(60)
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


def until(running: Running, backend: str, said: str) -> None:
    """Waits until the service says this of a backend."""
    deadline = time.monotonic() + 40
    while said not in (shown := httpx.get(f"{running.url}/health").json()["model_details"].get(backend, "")):
        assert time.monotonic() < deadline, f"{backend}: {shown}"
        time.sleep(0.1)


def tried(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(attempt["backend"], attempt["reason"]) for attempt in answer["fallback"]]


def test_each_that_is_killed_is_named_with_why_by_the_next(tmp_path: Path, lora: Path, openai: Address) -> None:
    with service(tmp_path / "one", lora, openai, tmp_path) as running:
        assert answered_by(running, "sfm2")["fallback"] == []
        until(running, "gpt2_lora", "with a LoRA")
        [engine] = engines_of(running)
        with killed(running) as dead:
            until(running, "sfm2", GIVEN_UP)
            status, second = answer(running)
        assert engine in dead
        assert len(dead) >= 5
        assert (status, second["model_used"]) == (200, "gpt2_lora")
        assert tried(second) == [("sfm2", "failed")]
        assert GIVEN_UP in second["fallback"][0]["message"]
        assert second["tokens"]["completion"] > 0

    weights = lora / "base" / "model.safetensors"
    with truncated(weights), service(tmp_path / "two", lora, openai, tmp_path) as running, killed(running) as dead:
        until(running, "gpt2_lora", "could not be loaded")
        until(running, "sfm2", GIVEN_UP)
        status, third = answer(running)
        assert len(dead) >= 5
        assert (status, third["model_used"]) == (200, "openai")
        assert tried(third) == [("sfm2", "failed"), ("gpt2_lora", "unavailable")]
        assert str(lora / "base") in third["fallback"][1]["message"]
        assert third["tokens"]["completion"] > 0
