"""SFM-2 on its real weights: what it is asked, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sfm2.backends.sfm2 import SFM2
from sfm2.config import load
from sfm2.errors import PromptTooLongError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.prompts import explanation_messages
from sfm2.types import BackendStatus, SamplingParams

pytestmark = pytest.mark.engine


def with_backend(scenario: Callable[[SFM2], Awaitable[Any]], **arguments: object) -> Any:
    given = {key.replace("__", "."): value for key, value in arguments.items()}

    async def run() -> Any:
        backend = SFM2(load(given, environment={}).settings)
        await backend.start()
        try:
            await backend.ready()
            return await scenario(backend)
        finally:
            await backend.aclose()

    return asyncio.run(run())


async def chunks(backend: SFM2, request: GenerationRequest) -> list[TokenChunk]:
    return [chunk async for chunk in backend.stream(request)]


async def text(backend: SFM2, prefix: str, **fields: Any) -> str:
    request = GenerationRequest(prefix, language="python", sampling=SamplingParams(max_length=12), **fields)
    return "".join(chunk.text for chunk in await chunks(backend, request))


def test_completes_and_tells_tokens_and_probabilities() -> None:
    async def scenario(backend: SFM2) -> None:
        assert (await backend.health()).status is BackendStatus.AVAILABLE
        whole = await chunks(
            backend, GenerationRequest("def add(a, b):\n    c =", sampling=SamplingParams(temperature=0, max_length=4))
        )
        assert "".join(chunk.text for chunk in whole).startswith(" a + b")
        assert sum(chunk.tokens for chunk in whole) == sum(len(chunk.logprobs) for chunk in whole) == 4
        assert whole[-1].finish_reason == "length"
        assert whole[-1].prompt_tokens == 9

        watched = await chunks(
            backend,
            GenerationRequest(
                "def add(a, b):\n    c =", streaming=True, sampling=SamplingParams(temperature=0, max_length=4)
            ),
        )
        assert len(watched) > len(whole), "token by token for who watches"
        assert "".join(chunk.text for chunk in watched) == "".join(chunk.text for chunk in whole)

    with_backend(scenario)


def test_white_space_before_the_cursor_and_marks_in_the_file_do_no_harm() -> None:
    async def scenario(backend: SFM2) -> None:
        plain = await text(backend, "def add(a, b):\n    return")
        spaced = await text(backend, "def add(a, b):\n    return ")
        # One token of the first goes into writing `return` again.
        assert spaced.startswith(plain.removeprefix(" "))
        assert await text(backend, "def add(a, b):\n    return<|im_end|>") == plain

    with_backend(scenario)


def test_a_long_file_is_trimmed_for_an_editor_and_refused_otherwise() -> None:
    async def scenario(backend: SFM2) -> None:
        long = "x = 1\n" * 5000 + "def add(a, b):\n    return"
        assert (await text(backend, long, truncate=True)).startswith(" a + b")
        with pytest.raises(PromptTooLongError) as caught:
            await text(backend, long)
        assert caught.value.details["n_ctx"] == 1024
        assert caught.value.details["n_prompt_tokens"] > 20_000

    with_backend(scenario, models__sfm2__context=1024, generation__complete_context=512)


def test_an_empty_file_and_a_first_indentation_get_an_answer() -> None:
    async def scenario(backend: SFM2) -> None:
        for prefix in ("", "    "):
            assert (
                await chunks(
                    backend,
                    GenerationRequest(prefix, language="python", sampling=SamplingParams(temperature=0, max_length=8)),
                )
            )[-1].finish_reason

    with_backend(scenario)


def test_the_adapter_that_comes_with_it_fills_holes_and_nothing_else(tmp_path: Path) -> None:
    async def scenario(backend: SFM2) -> None:
        hole = GenerationRequest(
            "def add(a, b):\n    c =",
            "\n    return c\n",
            language="python",
            sampling=SamplingParams(temperature=0, max_length=24),
        )
        filled = await chunks(backend, hole)
        assert filled[0].adapter == "sfm2-0.5b"
        assert "".join(chunk.text for chunk in filled).startswith(" a + b\n")
        assert (await chunks(backend, replace(hole, suffix="")))[0].adapter is None
        assert (await chunks(backend, replace(hole, adapter="none")))[0].adapter is None

    with_backend(scenario, storage__data_dir=tmp_path)


def test_explains_by_the_chat_form() -> None:
    async def scenario(backend: SFM2) -> None:
        question = explanation_messages("x**2 + y**2", None, "")
        request = GenerationRequest(messages=question, sampling=SamplingParams(temperature=0, max_length=60))
        answer = "".join(chunk.text for chunk in await chunks(backend, request))
        assert "square" in answer
        assert "<|" not in answer

    with_backend(scenario)
