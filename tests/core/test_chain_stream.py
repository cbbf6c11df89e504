"""The chain is a backend itself: one stream, whichever of its backends it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from sfm2.backends.base import Capabilities
from sfm2.breaker import CircuitBreaker
from sfm2.core.chain import Chain
from sfm2.core.trace import FallbackTrace
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    ModelUnavailableError,
    OverloadedError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import FunctionBackend, ScriptedBackend, Step, forever
from sfm2.types import BackendHealth, BackendStatus, ConversationMessage

CODE = GenerationRequest("x = ")
WATCHED = GenerationRequest("x = ", streaming=True)
CHAT = GenerationRequest(messages=(ConversationMessage(role="user", content="x?"),))
ONLY_CODE = Capabilities(fills_holes=True)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def chain_of(
    *backends: FunctionBackend,
    timeout: float = 5.0,
    failures: int = 3,
    clock: Callable[[], float] = lambda: 0.0,
) -> Chain:
    return Chain(backends, lambda: CircuitBreaker(failures, 10, clock), timeout)


async def chunks_of(
    chain: Chain, request: GenerationRequest = CODE, trace: FallbackTrace | None = None
) -> list[TokenChunk]:
    return [chunk async for chunk in chain.stream(request, trace=trace)]


def shown(chunks: list[TokenChunk]) -> list[tuple[str, str | None]]:
    return [(chunk.text, chunk.backend) for chunk in chunks]


def test_the_first_chunk_names_its_backend() -> None:
    chain = chain_of(ScriptedBackend("a", BackendError("x")), ScriptedBackend("b", "1", "2"))
    assert shown(asyncio.run(chunks_of(chain))) == [("1", "b"), ("2", None), ("", None)]


@pytest.mark.parametrize("request_", [CODE, CHAT], ids=["code", "chat"])
def test_what_is_not_watched_starts_over_with_the_next_backend(request_: GenerationRequest) -> None:
    chain = chain_of(ScriptedBackend("a", "half", BackendError("died")), ScriptedBackend("b", "1", "2"))
    trace = FallbackTrace()
    found = asyncio.run(chunks_of(chain, request_, trace))
    assert shown(found) == [("half", "a"), ("1", "b"), ("2", None), ("", None)]
    assert [(one.backend, one.reason) for one in trace.attempts] == [("a", "failed")]


def test_what_is_watched_ends_with_the_error() -> None:
    second = ScriptedBackend("b", "1")
    seen: list[str] = []

    async def watch() -> None:
        async for chunk in chain_of(ScriptedBackend("a", "half", BackendError("died")), second).stream(WATCHED):
            seen.append(chunk.text)

    with pytest.raises(BackendError, match="died"):
        asyncio.run(watch())
    assert seen == ["half"]
    assert second.requests == []


def test_conversations_pass_over_backends_that_only_complete_code() -> None:
    first = ScriptedBackend("a", "1", capabilities=ONLY_CODE)
    trace = FallbackTrace()
    found = asyncio.run(chunks_of(chain_of(first, ScriptedBackend("b", "2")), CHAT, trace))
    assert found[0].backend == "b"
    assert [(one.backend, one.reason) for one in trace.attempts] == [("a", "unsupported")]
    assert first.requests == []


def test_a_conversation_does_not_keep_a_half_open_backend_from_its_probe() -> None:
    clock = Clock()
    answers: list[str | Exception] = [BackendError("x"), "back"]
    backend = FunctionBackend("a", lambda _: [answers.pop(0)], capabilities=ONLY_CODE)
    chain = chain_of(backend, failures=1, clock=clock)

    async def scenario() -> str | None:
        with pytest.raises(ModelUnavailableError):
            await chunks_of(chain)
        clock.now = 11
        with pytest.raises(ModelUnavailableError):
            await chunks_of(chain, CHAT)
        return (await chunks_of(chain))[0].text

    assert asyncio.run(scenario()) == "back"


def test_only_and_after_choose_the_backends() -> None:
    chain = chain_of(*(ScriptedBackend(name, name) for name in "abc"))

    async def first(**chosen: str) -> str:
        return (await anext(chain.stream(CODE, **chosen))).text  # type: ignore[arg-type]

    assert asyncio.run(first(only="b")) == "b"
    assert asyncio.run(first(after="a")) == "b"
    with pytest.raises(ModelUnavailableError):
        asyncio.run(first(after="c"))
    with pytest.raises(ModelUnavailableError):
        asyncio.run(first(only="a", after="a"))


def test_a_whole_completion_has_one_time_limit_and_a_watched_one_a_limit_for_each_gap() -> None:
    script = ("1", 0.15, "2", 0.15, "3", 0.15)
    chain = chain_of(ScriptedBackend("a", *script), timeout=0.3)
    assert "".join(chunk.text for chunk in asyncio.run(chunks_of(chain, WATCHED))) == "123"
    assert "".join(chunk.text for chunk in asyncio.run(chunks_of(chain, CHAT))) == "123"
    *begun, last = asyncio.run(chunks_of(chain))
    assert "".join(chunk.text for chunk in begun) == "12"
    assert (last.text, last.finish_reason) == ("", "time")


@pytest.mark.parametrize("request_", [CODE, CHAT, WATCHED])
def test_a_stream_that_falls_silent_ends_with_what_it_has_said(request_: GenerationRequest) -> None:
    backend = ScriptedBackend("a", "1", forever)
    found = asyncio.run(chunks_of(chain_of(backend, timeout=0.1), request_))
    assert [(chunk.text, chunk.finish_reason) for chunk in found] == [("1", None), ("", "time")]
    assert backend.running == 0


@pytest.mark.parametrize("request_", [CODE, CHAT, WATCHED])
def test_one_that_never_says_anything_is_overloaded(request_: GenerationRequest) -> None:
    backend = ScriptedBackend("a", forever)
    with pytest.raises(OverloadedError, match=r"no answer within 0\.1 s") as caught:
        asyncio.run(chunks_of(chain_of(backend, timeout=0.1), request_))
    assert caught.value.retry_after is not None
    assert caught.value.details["attempts"][0]["reason"] == "timed_out"
    assert backend.running == 0


def test_too_many_requests_at_once_are_an_overload_too() -> None:
    chain = chain_of(ScriptedBackend("a", BackendOverloadedError("full")), ScriptedBackend("b", BackendError("dead")))
    with pytest.raises(OverloadedError, match="a: full; b: dead"):
        asyncio.run(chunks_of(chain))


def test_a_backend_that_is_slow_is_not_left_alone() -> None:
    """Its circuit breaker counts a silence from the start, and not an answer that was cut by the time limit."""
    chain = chain_of(ScriptedBackend("a", "1", forever), timeout=0.05, failures=1)
    for _ in range(3):
        assert asyncio.run(chunks_of(chain))[-1].finish_reason == "time"
    silent = chain_of(ScriptedBackend("a", forever), timeout=0.05, failures=1)
    trace = FallbackTrace()
    for _ in range(2):
        with pytest.raises(OverloadedError):
            asyncio.run(chunks_of(silent, CODE, trace))
    assert [attempt.reason for attempt in trace.attempts] == ["timed_out", "circuit_open"]


class Engine(FunctionBackend):
    """One whose supervisor knows how it is."""

    alive, since = True, 0.0

    async def works(self) -> bool:
        return self.alive

    async def began(self) -> float:
        return self.since


def silent_if_long(request: GenerationRequest) -> list[Step]:
    return [forever] if request.prefix == "long" else ["short"]


LONG = GenerationRequest("long")


async def refused(chain: Chain, request: GenerationRequest) -> str:
    trace = FallbackTrace()
    with pytest.raises(ModelUnavailableError):
        await chunks_of(chain, request, trace)
    return trace.attempts[-1].reason


def test_long_requests_of_one_take_a_backend_that_works_from_nobody() -> None:
    """Whether others are served tells that it works; or, when nobody is, what watches it."""

    async def scenario(backend: FunctionBackend, others: int) -> list[str]:
        chain = chain_of(backend, timeout=0.1, failures=1)
        reasons = []
        for _ in range(3):
            short = [asyncio.create_task(chunks_of(chain, CODE)) for _ in range(others)]
            reasons.append(await refused(chain, LONG))
            await asyncio.gather(*short)
        return reasons

    unwatched = FunctionBackend("a", silent_if_long)
    assert asyncio.run(scenario(unwatched, others=1)) == ["timed_out"] * 3
    assert asyncio.run(scenario(unwatched, others=0)) == ["timed_out", "circuit_open", "circuit_open"]
    watched = Engine("a", silent_if_long)
    assert asyncio.run(scenario(watched, others=0)) == ["timed_out"] * 3
    watched.alive = False
    assert asyncio.run(scenario(watched, others=0)) == ["timed_out", "circuit_open", "circuit_open"]


def test_a_long_probe_lets_the_others_in_with_its_first_word() -> None:
    scripts: list[list[Step]] = [[BackendError("x")], ["1", forever], ["short"]]

    async def scenario() -> str:
        clock = Clock()
        chain = chain_of(FunctionBackend("a", lambda _: scripts.pop(0)), failures=1, clock=clock)
        assert await refused(chain, CODE) == "failed"
        clock.now = 10
        async with aclosing(chain.stream(LONG)) as probe:
            assert (await anext(probe)).text == "1"
            return (await chunks_of(chain, CODE))[0].text

    assert asyncio.run(scenario()) == "short"


def test_a_backend_that_was_replaced_is_asked_at_once_and_one_that_is_left_alone_is_unavailable() -> None:
    broken = [True]
    backend = Engine("a", lambda _: [BackendError("no disk")] if broken[0] else ["1"])
    clock = Clock()
    chain = chain_of(backend, failures=1, clock=clock)

    async def scenario() -> str:
        clock.now = 5
        assert await refused(chain, CODE) == "failed"
        assert await refused(chain, CODE) == "circuit_open"
        health = await chain.health()
        assert health.status is BackendStatus.UNAVAILABLE
        assert "tried again in 10 s: no disk" in health.reason
        broken[0], backend.since = False, 6.0
        assert (await chain.health()).status is BackendStatus.AVAILABLE
        return (await chunks_of(chain))[0].text

    assert asyncio.run(scenario()) == "1"


@pytest.mark.parametrize(("reads", "last"), [(0, "circuit_open"), (1, "failed")])
def test_a_reader_who_has_enough_proves_that_the_backend_works(reads: int, last: str) -> None:
    """Two failures in a row open the circuit, unless something was read between them."""
    broken: list[Step] = [BackendError("x")]
    working: list[Step] = ["1", "2"]
    scripts = [broken, working, broken, broken] if reads else [broken, broken]
    chain = chain_of(FunctionBackend("a", lambda _: scripts.pop(0)), failures=2)

    async def reason() -> str:
        trace = FallbackTrace()
        with pytest.raises(ModelUnavailableError):
            await chunks_of(chain, trace=trace)
        return trace.attempts[-1].reason

    async def scenario() -> list[str]:
        first = await reason()
        stream = chain.stream(CODE)
        for _ in range(reads):
            await anext(stream)
        await stream.aclose()
        return [first, await reason(), await reason()]

    assert asyncio.run(scenario()) == ["failed", "failed", last]


def test_it_can_what_one_of_its_backends_can_and_is_as_well_as_its_first() -> None:
    loading = BackendHealth(status=BackendStatus.LOADING, reason="soon")
    chain = chain_of(
        ScriptedBackend("a", capabilities=Capabilities(adapters=True), health=loading),
        ScriptedBackend("b", capabilities=Capabilities(chats=True)),
    )
    assert chain.capabilities == Capabilities(chats=True, adapters=True)
    assert asyncio.run(chain.health()) == loading


def test_while_weights_load_the_error_says_when_to_come_back() -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        asyncio.run(chunks_of(chain_of(ScriptedBackend("a", BackendLoadingError("soon")))))
    assert caught.value.retry_after is not None
