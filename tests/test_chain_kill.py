"""The chain in small: tiny weights of all three kinds, trained or made here, so that nothing is pulled. Each earlier link is
killed in turn, and the answer says who gave it and why the others did not. `test_chain` has it on the default weights."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.engines.llama_cpp.client import EngineAddress
from tests import chain
from tests.chain import answer, answered_by, engines_of, killed, truncated
from tests.chain import lora as lora
from tests.chain import openai as openai
from tests.conftest import Running
from tests.engines import tiny

pytestmark = [pytest.mark.slow, pytest.mark.hf]

GIVEN_UP = "times in a row"  # what the supervisor says of an engine that it can't keep alive


def service(folder: Path, lora: Path, openai: EngineAddress, cache: Path) -> AbstractContextManager[Running]:
    weights = {"PATH": str(tiny.write(cache / "tiny.gguf")), "CONTEXT": "512"}
    sfm2 = {f"SFM2_MODELS_SFM2_{name}": value for name, value in weights.items()}
    return chain.service(folder, lora, openai, SFM2_STORAGE_CACHE_DIR=str(cache), **sfm2)


def until(running: Running, backend: str, said: str) -> None:
    """Waits until the service says this of a backend."""
    deadline = time.monotonic() + 40
    while said not in (shown := httpx.get(f"{running.url}/health").json()["model_details"].get(backend, "")):
        assert time.monotonic() < deadline, f"{backend}: {shown}"
        time.sleep(0.1)


def tried(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(attempt["backend"], attempt["reason"]) for attempt in answer["fallback"]]


def test_each_that_is_killed_is_named_with_why_by_the_next(tmp_path: Path, lora: Path, openai: EngineAddress) -> None:
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
