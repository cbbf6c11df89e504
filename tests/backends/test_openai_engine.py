"""The `openai` backend against a real OpenAI-compatible server on real weights: `sfm2 serve` is one."""

from __future__ import annotations

import asyncio

import pytest

from sfm2.backends.openai.backend import OpenAI
from sfm2.config import OpenAISettings, load
from sfm2.core import ModelManager
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import ServerProcess
from sfm2.types import SamplingParams

pytestmark = pytest.mark.engine


def settings(server: ServerProcess, mode: str) -> OpenAISettings:
    return OpenAISettings.model_validate({"base_url": f"{server.url}/v1", "model": "sfm2", "mode": mode})


def chunks(server: ServerProcess, mode: str, request: GenerationRequest) -> list[TokenChunk]:
    async def collect() -> list[TokenChunk]:
        backend = OpenAI(settings(server, mode), timeout=60)
        await backend.start()
        try:
            return [chunk async for chunk in backend.stream(request)]
        finally:
            await backend.aclose()

    return asyncio.run(collect())


@pytest.mark.parametrize("mode", ["chat", "completions"])
def test_completes_code(server: ServerProcess, mode: str) -> None:
    request = GenerationRequest(
        "def add(a, b):\n    return", language="python", sampling=SamplingParams(max_length=40, temperature=0)
    )
    got = chunks(server, mode, request)
    text = "".join(chunk.text for chunk in got)
    assert text.strip().startswith("a + b")
    assert "```" not in text
    assert got[-1].finish_reason in ("stop", "length")
    assert all(logprob <= 0 for chunk in got for logprob in chunk.logprobs)


def test_the_chain_reaches_it_when_sfm2_cannot_answer(server: ServerProcess) -> None:
    models = {
        "models.sfm2.path": "/nowhere/model.gguf",
        "models.openai.base_url": f"{server.url}/v1",
        "models.openai.mode": "completions",
        "models.openai.model": "sfm2",
    }
    with ModelManager(load(models, environment={}).settings) as manager:
        answer = manager.generate("def add(a, b):\n    return", max_length=20, temperature=0, language="python")
    assert answer.model_used == "openai"
    assert answer.completion.strip().startswith("a + b")
    assert [(attempt.backend, attempt.reason) for attempt in answer.fallback] == [
        ("sfm2", "failed"),
        ("gpt2_lora", "not_configured"),
    ]
