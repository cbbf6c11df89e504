"""The chain in small: tiny weights of all three kinds, trained or made here, so that nothing is pulled. Each earlier link is
killed in turn, and the answer says which backend gave it and why the others did not. `test_chain` does it on the default
weights."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.testing import ServerProcess, until
from tests import chain
from tests.chain import answer, answered_by, engines_of, killed, tiny_weights, truncated
from tests.chain import lora as lora
from tests.chain import openai as openai

pytestmark = [pytest.mark.slow, pytest.mark.hf]

GIVEN_UP = "times in a row"  # what the supervisor says of an engine that it can't keep alive


def service(folder: Path, lora: Path, openai: str, cache: Path) -> AbstractContextManager[ServerProcess]:
    return chain.service(folder, lora, openai, **tiny_weights(cache))


def until_it_says(running: ServerProcess, backend: str, text: str) -> None:
    """Wait until the service's health has this text for a backend."""

    def reason() -> str:
        return str(httpx.get(f"{running.url}/health").json()["model_details"].get(backend, ""))

    until(lambda: text in reason(), 40, lambda: f"{text!r} of {backend}; it says {reason()!r}")


def tried(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(attempt["backend"], attempt["reason"]) for attempt in answer["fallback"]]


def test_each_that_is_killed_is_named_with_why_by_the_next(tmp_path: Path, lora: Path, openai: str) -> None:
    with service(tmp_path / "one", lora, openai, tmp_path) as running:
        assert answered_by(running, "sfm2")["fallback"] == []
        until_it_says(running, "gpt2_lora", "with a LoRA")
        [engine] = engines_of(running)
        with killed(running) as dead:
            until_it_says(running, "sfm2", GIVEN_UP)
            status, second = answer(running)
        assert engine in dead
        assert len(dead) >= 5
        assert (status, second["model_used"]) == (200, "gpt2_lora")
        assert tried(second) == [("sfm2", "failed")]
        assert GIVEN_UP in second["fallback"][0]["message"]
        assert second["tokens"]["completion"] > 0

    weights = lora / "base" / "model.safetensors"
    with truncated(weights), service(tmp_path / "two", lora, openai, tmp_path) as running, killed(running) as dead:
        until_it_says(running, "gpt2_lora", "could not be loaded")
        until_it_says(running, "sfm2", GIVEN_UP)
        status, third = answer(running)
        assert len(dead) >= 5
        assert (status, third["model_used"]) == (200, "openai")
        assert tried(third) == [("sfm2", "failed"), ("gpt2_lora", "unavailable")]
        assert str(lora / "base") in third["fallback"][1]["message"]
        assert third["tokens"]["completion"] > 0
