"""The `openai` backend against a real OpenAI-compatible server on real weights: our engine is one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from sfm2.backends.openai.backend import OpenAI
from sfm2.config import OpenAISettings, load
from sfm2.core import ModelManager
from sfm2.engines.llama_cpp.client import EngineAddress
from sfm2.generation import GenerationRequest, TokenChunk
from tests.engines.running import running_engine

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineAddress]:
    with running_engine(load(environment={}).settings) as address:
        yield address


def settings(engine: EngineAddress, mode: str) -> OpenAISettings:
    fields = {"base_url": f"{engine.url}/v1", "api_key": engine.key, "model": "local", "mode": mode}
    return OpenAISettings.model_validate(fields)


def pieces(engine: EngineAddress, mode: str, request: GenerationRequest) -> list[TokenChunk]:
    async def collect() -> list[TokenChunk]:
        backend = OpenAI(settings(engine, mode), timeout=60)
        await backend.start()
        try:
            return [piece async for piece in backend.stream(ask)]
        finally:
            await backend.aclose()

    return asyncio.run(collect())


@pytest.mark.parametrize("mode", ["chat", "completions"])
def test_completes_code(engine: EngineAddress, mode: str) -> None:
    ask = GenerationRequest("def add(a, b):\n    return", language="python", max_length=40, temperature=0)
    got = pieces(engine, mode, ask)
    text = "".join(piece.text for piece in got)
    assert text.strip().startswith("a + b")
    assert "```" not in text
    assert got[-1].finish_reason in ("stop", "length")
    assert all(logprob <= 0 for piece in got for logprob in piece.logprobs)


def test_the_chain_reaches_it_when_sfm2_cannot_answer(engine: EngineAddress) -> None:
    models = {
        "models.sfm2.path": "/nowhere/model.gguf",
        "models.openai.base_url": f"{engine.url}/v1",
        "models.openai.api_key": engine.key,
        "models.openai.mode": "completions",
    }
    with ModelManager(load(models, environment={}).settings) as manager:
        answer = manager.generate("def add(a, b):\n    return", max_length=20, temperature=0, language="python")
    assert answer.model_used == "openai"
    assert answer.completion.strip().startswith("a + b")
    assert [(attempt.backend, attempt.reason) for attempt in answer.fallback] == [
        ("sfm2", "failed"),
        ("gpt2_lora", "not_configured"),
    ]
