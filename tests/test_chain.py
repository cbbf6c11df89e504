"""The whole chain on weights that are real: SFM-2's, a GPT-2 with a LoRA that `sfm2 finetune run` has trained, and an
OpenAI-compatible server. Each earlier one dies in turn, and the next one answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.testing import until
from tests.chain import answer, answered_by, killed, service, truncated
from tests.chain import lora as lora
from tests.chain import openai as openai

pytestmark = [pytest.mark.engine, pytest.mark.hf, pytest.mark.slow]


def test_each_takes_over_when_the_one_before_it_dies(tmp_path: Path, lora: Path, openai: str) -> None:
    with service(tmp_path / "one", lora, openai) as running:
        assert answered_by(running, "sfm2")["fallback"] == []
        with killed(running):
            second = answered_by(running, "gpt2_lora")
        assert [attempt["backend"] for attempt in second["fallback"]] == ["sfm2"]
        assert second["tokens"]["completion"] > 0

    weights = lora / "adapter_model.safetensors"
    with truncated(weights), service(tmp_path / "two", lora, openai) as running, killed(running):
        third = answered_by(running, "openai")
        assert [attempt["backend"] for attempt in third["fallback"]] == ["sfm2", "gpt2_lora"]
        assert third["tokens"]["completion"] > 0


def test_when_all_are_dead_the_error_names_them_all(tmp_path: Path, lora: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with service(tmp_path, gone, openai="http://127.0.0.1:9/v1") as running, killed(running):

        def refusal() -> dict[str, Any] | None:
            status, body = answer(running)
            return body if status == httpx.codes.SERVICE_UNAVAILABLE else None

        body = until(refusal, 120)
    assert body is not None
    assert [attempt["backend"] for attempt in body["details"]["attempts"]] == ["sfm2", "gpt2_lora", "openai"]
