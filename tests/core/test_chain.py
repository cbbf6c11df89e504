"""The fallback chain, with backends that are told how to fail."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import pytest

from sfm2.config import Settings, load
from sfm2.core import AsyncModelManager
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendNotConfiguredError,
    BackendOverloadedError,
    BackendRefusedError,
    InvalidRequestError,
    ModelUnavailableError,
    PromptTooLongError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import FunctionBackend, ScriptedBackend, Step
from sfm2.types import BackendHealth, BackendStatus, Choice, Chunk, Completion, GenerateRequest


def settings(**arguments: object) -> Settings:
    return load({key.replace("__", "."): value for key, value in arguments.items()}, environment={}).settings


def manager(*backends: ScriptedBackend, **arguments: object) -> AsyncModelManager:
    return AsyncModelManager(settings(**arguments), backends)


def generate(
    *backends: ScriptedBackend, prompt: str = "hello", use_fallback: bool = True, **arguments: object
) -> Completion:
    request = GenerateRequest(prompt=prompt, use_fallback=use_fallback)
    return asyncio.run(manager(*backends, **arguments).submit(request))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BackendError("broken"), "failed"),
        (BackendLoadingError("wait"), "loading"),
        (BackendOverloadedError("busy"), "overloaded"),
        (BackendNotConfiguredError("no key"), "not_configured"),
        (BackendRefusedError("odd"), "refused"),
        (PromptTooLongError("too long"), "prompt_too_long"),
    ],
)
def test_the_next_backend_answers_and_the_reason_is_told(error: Exception, reason: str) -> None:
    answer = generate(ScriptedBackend("first", error), ScriptedBackend("second", " world"))
    assert answer.model_used == "second"
    assert answer.generated_code == "hello world"
    assert [(attempt.backend, attempt.reason) for attempt in answer.fallback] == [("first", reason)]


@pytest.mark.parametrize("model", ["second", "two-7b"], ids=["the backend's name", "its model's"])
def test_only_the_model_that_is_named_is_asked(model: str) -> None:
    first, third = ScriptedBackend("first", " no"), ScriptedBackend("third", " no")
    health = BackendHealth(status=BackendStatus.AVAILABLE, reason="", model="two-7b")
    second = ScriptedBackend("second", BackendError("broken"), health=health)
    with pytest.raises(ModelUnavailableError) as raised:
        asyncio.run(manager(first, second, third).submit(GenerateRequest(prompt="hello", model=model)))
    assert [attempt["backend"] for attempt in raised.value.details["attempts"]] == ["second"]
    assert (first.requests, third.requests) == ([], [])


def test_a_backend_that_dies_in_the_middle_leaves_nothing_of_its_text() -> None:
    answer = generate(ScriptedBackend("first", " half of", BackendError("died")), ScriptedBackend("second", " whole"))
    assert answer.completion == " whole"


def test_a_backend_that_is_too_slow_is_left() -> None:
    slow = ScriptedBackend("slow", 5.0, "late")
    answer = generate(slow, ScriptedBackend("quick", " now"), generation__timeout=0.05)
    assert answer.model_used == "quick"
    assert answer.fallback[0].reason == "timed_out"
    assert slow.closed == 1, "its work was stopped"


def test_when_all_fail_every_cause_is_named() -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        generate(ScriptedBackend("a", BackendError("no disk")), ScriptedBackend("b", BackendError("no network")))
    assert "a: no disk" in caught.value.message
    assert "b: no network" in caught.value.message
    assert caught.value.fallback_model == "b"
    assert [attempt["backend"] for attempt in caught.value.details["attempts"]] == ["a", "b"]


def test_a_backend_that_nobody_configured_was_no_fallback() -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        generate(ScriptedBackend("a", BackendError("x")), ScriptedBackend("b", BackendNotConfiguredError("no key")))
    assert caught.value.fallback_model is None


def test_a_prompt_too_long_for_all_is_said_so() -> None:
    with pytest.raises(PromptTooLongError):
        generate(ScriptedBackend("a", PromptTooLongError("9 of 8")), ScriptedBackend("b", BackendError("x")))


def test_what_no_backend_takes_is_the_request_s_fault() -> None:
    with pytest.raises(InvalidRequestError, match="a: no such number") as caught:
        generate(
            ScriptedBackend("a", BackendRefusedError("no such number")),
            ScriptedBackend("b", BackendNotConfiguredError("no key")),
        )
    assert [attempt["reason"] for attempt in caught.value.details["attempts"]] == ["refused", "not_configured"]


def test_values_that_a_backend_refuses_take_it_from_nobody() -> None:
    def answer(request: GenerationRequest) -> list[Step]:
        return [BackendRefusedError("odd")] if "odd" in request.prefix else [" fine"]

    async def scenario() -> list[str]:
        models = AsyncModelManager(settings(fallback__failures=1), [FunctionBackend("a", answer)])
        for _ in range(3):
            with pytest.raises(InvalidRequestError):
                await models.generate("odd")
        return [(await models.generate("hello")).completion]

    assert asyncio.run(scenario()) == [" fine"]


def test_an_invalid_request_is_not_passed_on() -> None:
    second = ScriptedBackend("second", "x")
    with pytest.raises(InvalidRequestError):
        generate(ScriptedBackend("first", InvalidRequestError("bad")), second)
    assert second.requests == []


def test_a_bug_is_not_hidden_by_the_fallback() -> None:
    second = ScriptedBackend("second", "x")
    with pytest.raises(ZeroDivisionError):
        generate(ScriptedBackend("first", ZeroDivisionError()), second)
    assert second.requests == []


def test_without_fallback_only_the_first_is_asked() -> None:
    second = ScriptedBackend("second", "x")
    with pytest.raises(ModelUnavailableError):
        generate(ScriptedBackend("first", BackendError("x")), second, use_fallback=False)
    assert second.requests == []


def test_the_breaker_leaves_out_a_backend_that_keeps_failing() -> None:
    first, second = ScriptedBackend("first", BackendError("x")), ScriptedBackend("second", "y")

    async def request_five_times() -> Completion:
        models = manager(first, second, fallback__failures=2)
        for _ in range(4):
            await models.submit(GenerateRequest(prompt="p"))
        return await models.submit(GenerateRequest(prompt="p"))

    answer = asyncio.run(request_five_times())
    assert len(first.requests) == 2
    assert answer.fallback[0].reason == "circuit_open"


def test_loading_does_not_trip_the_breaker() -> None:
    first, second = ScriptedBackend("first", BackendLoadingError("x")), ScriptedBackend("second", "y")

    async def request_often() -> None:
        models = manager(first, second, fallback__failures=1)
        for _ in range(5):
            await models.submit(GenerateRequest(prompt="p"))

    asyncio.run(request_often())
    assert len(first.requests) == 5


async def collect(models: AsyncModelManager, seen: Callable[[Chunk | Completion], object], prompt: str = "p") -> None:
    async for item in models.stream(GenerateRequest(prompt=prompt, guard=False)):
        seen(item)


def test_a_stream_falls_back_before_its_first_chunk() -> None:
    items: list[Chunk | Completion] = []
    asyncio.run(
        collect(manager(ScriptedBackend("a", BackendError("x")), ScriptedBackend("b", "x", " y")), items.append)
    )
    *chunks, completion = items
    assert [chunk.text for chunk in chunks if isinstance(chunk, Chunk)] == ["x", " y"]
    assert isinstance(completion, Completion)
    assert completion.model_used == "b"


def test_a_stream_never_switches_after_its_first_chunk() -> None:
    items: list[Chunk | Completion] = []
    second = ScriptedBackend("b", "other")
    with pytest.raises(BackendError):
        asyncio.run(collect(manager(ScriptedBackend("a", "begun", BackendError("died")), second), items.append))
    assert [item.text for item in items if isinstance(item, Chunk)] == ["begun"]
    assert second.requests == []


def test_leaving_a_stream_stops_the_backend() -> None:
    backend = ScriptedBackend("a", *(["x"] * 100))

    async def leave_early() -> None:
        stream = manager(backend).stream(GenerateRequest(prompt="p"))
        await anext(stream)
        await stream.aclose()

    asyncio.run(leave_early())
    assert backend.closed == 1


def test_reading_stops_where_the_definition_ends() -> None:
    backend = ScriptedBackend("a", "\n    return 1\n", "\nprint(1)\n", "never read", ZeroDivisionError())
    answer = generate(backend, prompt="def one():")
    assert answer.generated_code == "def one():\n    return 1"
    assert answer.finish_reason == "stop"
    assert backend.closed == 1


def test_of_n_completions_the_surest_comes_first() -> None:
    logprobs = [-2.0, -0.1, -1.0]

    def answer(request: GenerationRequest) -> list[Step]:
        logprob = logprobs[(request.sampling.seed or 0) - 7]
        return [TokenChunk(f" {logprob}", (logprob,), tokens=1)]

    request = GenerateRequest(prompt="p", n=3, seed=7)
    models = AsyncModelManager(settings(), [FunctionBackend("a", answer)])
    completion = asyncio.run(models.submit(request))
    choices: list[Completion | Choice] = [completion, *completion.alternatives]
    assert [choice.completion for choice in choices] == [" -0.1", " -1.0", " -2.0"]
    assert [choice.confidence for choice in choices] == pytest.approx([math.exp(x) for x in (-0.1, -1.0, -2.0)])


def test_one_bad_prompt_does_not_spoil_a_batch() -> None:
    good, bad, also_good = asyncio.run(manager(ScriptedBackend("a", "x")).generate_batch(["one", "", "two"]))
    assert isinstance(good, Completion)
    assert isinstance(also_good, Completion)
    assert not isinstance(bad, Completion)
    assert bad.error == "invalid_request"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("temperature", -1, "temperature"),
        ("temperature", 5, "temperature"),
        ("max_length", 0, "max_length"),
        ("max_length", 10**9, "max_length"),
        ("max_length", 5000, "1 to 2,048"),
        ("language", "klingon", "language"),
        ("tempratur", 1, "did you mean temperature"),
        ("stop", [""], "stop"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        asyncio.run(manager(ScriptedBackend("a", "x")).generate("p", **{field: value}))
