"""Several servers as one engine: real sockets, and servers that misbehave in every way that one has seen."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from sfm2.backends.sfm2 import SFM2
from sfm2.breaker import CircuitBreaker
from sfm2.config import Settings, load
from sfm2.core.chain import Chain
from sfm2.engines.at_url.engine import EngineAtURL
from sfm2.engines.base import Engine, EngineHealth, Phase
from sfm2.engines.pool import member
from sfm2.engines.pool.pool import EnginePool
from sfm2.engines.registry import engine_for
from sfm2.errors import (
    BackendError,
    BackendInterruptedError,
    BackendOverloadedError,
    BackendRefusedError,
    ModelUnavailableError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import until, until_async
from sfm2.types import SamplingParams
from tests.engines.scripted_server import Conduct, ScriptedServer, scripted_servers

FAULTS = [Conduct.GARBAGE, Conduct.NO_HTTP, Conduct.CLOSES, Conduct.FAILS, Conduct.LOADS, Conduct.FULL]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "_EVERY", 0.05)


@pytest.fixture
def servers() -> Iterator[list[ScriptedServer]]:
    with scripted_servers(3) as found:
        yield found


def with_pool(
    servers: list[ScriptedServer], scenario: Callable[[Engine], Awaitable[Any]], timeout: float = 30, **fallback: object
) -> Any:
    """What `scenario` gives with the engine that the settings of these servers ask for."""
    given = {"models.sfm2.url": [one.url for one in servers], "generation.timeout": timeout}
    settings = load({**given, **{f"fallback.{key}": value for key, value in fallback.items()}}, environment={}).settings

    async def run() -> Any:
        engine = engine_for(settings, {})
        try:
            await engine.start()
            await engine.ready()
            return await scenario(engine)
        finally:
            await engine.aclose()

    return asyncio.run(run())


async def chunks(engine: Engine, key: str | None = None, prompt: str = "x") -> list[TokenChunk]:
    async with aclosing(engine.generate(prompt, SamplingParams(), streaming=True, affinity=key)) as stream:
        return [chunk async for chunk in stream]


async def who(engine: Engine, key: str | None = None) -> str:
    """The URL of the server that answers."""
    return "".join(chunk.text for chunk in await chunks(engine, key))


async def first_choice(engine: Engine, servers: list[ScriptedServer], key: str = "a.py") -> ScriptedServer:
    url = await who(engine, key)
    return next(one for one in servers if one.url == url)


def test_one_url_is_no_pool(servers: list[ScriptedServer]) -> None:
    one, two = servers[0].url, servers[1].url
    cases = [(one, EngineAtURL), ([one, f"{one}/"], EngineAtURL), ([one, two], EnginePool)]
    for urls, kind in cases:
        assert type(engine_for(load({"models.sfm2.url": urls}, environment={}).settings, {})) is kind


def test_a_file_stays_with_one_engine_and_files_are_spread(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> Counter[str]:
        found: Counter[str] = Counter()
        for number in range(30):
            urls = {await who(engine, f"file_{number}.py") for _ in range(3)}
            assert len(urls) == 1
            found.update(urls)
        return found

    assert set(with_pool(servers, scenario)) == {one.url for one in servers}


@pytest.mark.parametrize("conduct", FAULTS)
def test_what_fails_before_its_first_chunk_is_asked_of_the_next(
    servers: list[ScriptedServer], conduct: Conduct
) -> None:
    async def scenario(engine: Engine) -> None:
        faulty = await first_choice(engine, servers)
        faulty.conduct = conduct
        answers = await asyncio.gather(*(who(engine, "a.py") for _ in range(20)))
        assert all(answers), "nothing is lost"
        assert faulty.url not in answers
        faulty.conduct = Conduct.WELL
        await until_async(lambda: _answered_by(engine, faulty), what="it is used again")

    with_pool(servers, scenario, recovery=0.1)


async def _answered_by(engine: Engine, server: ScriptedServer) -> bool:
    return await who(engine, "a.py") == server.url


def test_one_that_nobody_reaches_is_named_with_the_reason(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        async def all_answer() -> bool:
            return (await engine.health()).reason == f"3 of 3 engines answer; {'; '.join(one.url for one in servers)}"

        await until_async(all_answer)
        gone = await first_choice(engine, servers)
        gone.close()
        assert await who(engine, "a.py") != gone.url

        async def noticed() -> bool:
            return f"no engine answers at {gone.url}" in (await engine.health()).reason

        await until_async(noticed)
        health = await engine.health()
        assert health.phase is Phase.READY
        assert health.reason.startswith("2 of 3 engines answer")

    with_pool(servers, scenario)


def test_one_that_keeps_failing_is_left_alone(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> EngineHealth:
        faulty = await first_choice(engine, servers)
        faulty.conduct = Conduct.FAILS
        for _ in range(10):
            await who(engine, "a.py")
        assert len(faulty.prompts) == 1 + 1
        return await engine.health()

    health = with_pool(servers, scenario, recovery=60)
    assert health.reason.startswith("2 of 3 engines answer")
    assert re.search(r"failed; it is asked last for \d+ s: the engine refused: out of memory", health.reason)


def test_those_that_are_left_alone_are_better_than_no_answer(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        for one in servers:
            one.conduct = Conduct.FAILS
        with pytest.raises(BackendError, match="out of memory"):
            await who(engine, "a.py")
        for one in servers:
            one.conduct = Conduct.WELL
        assert (await engine.health()).phase is Phase.READY
        assert await who(engine, "a.py")

    with_pool(servers, scenario, recovery=60)


@pytest.mark.parametrize(
    ("conduct", "look", "timeout"),
    [(Conduct.STALLS, 5.0, 0.6), (Conduct.FREEZES, 0.3, 60.0)],
    ids=["in a completion", "in everything"],
)
def test_what_stands_still_loses_its_requests_to_the_next(
    servers: list[ScriptedServer], conduct: Conduct, look: float, timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After half of the time that a completion has, or where it does not even say how it is doing."""
    monkeypatch.setattr(member, "_LOOK", look)

    async def scenario(engine: Engine) -> None:
        faulty = await first_choice(engine, servers)
        faulty.conduct = conduct
        assert await who(engine, "a.py") not in ("", faulty.url)
        await asyncio.to_thread(until, faulty.left.is_set)

    with_pool(servers, scenario, timeout)


def test_one_that_is_too_busy_to_say_how_it_is_doing_is_well(
    servers: list[ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_LOOK", 1.0)

    async def scenario(engine: Engine) -> None:
        busy = await first_choice(engine, servers)
        busy.conduct = Conduct.BUSY
        while not busy.left.is_set():  # a look has been given up
            assert await who(engine, "a.py") == busy.url
        assert await who(engine, "a.py") == busy.url

    with_pool(servers, scenario)


def test_one_with_other_weights_gets_no_requests(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        changed = await first_choice(engine, servers)
        changed.model = "another"

        async def reason() -> str:
            found = (await engine.health()).reason
            return found if "other weights" in found else ""

        assert "it runs other weights (another, not tiny)" in await until_async(reason)
        assert await who(engine, "a.py") != changed.url
        changed.model = "tiny"
        await until_async(lambda: _answered_by(engine, changed))

    with_pool(servers, scenario)


def test_a_fault_of_the_request_is_not_passed_on(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        for one in servers:
            one.conduct = Conduct.REFUSES
        with pytest.raises(BackendRefusedError):
            await who(engine, "a.py")
        assert sum(len(one.prompts) for one in servers) == 1
        assert (await engine.health()).reason.startswith("3 of 3")

    with_pool(servers, scenario, recovery=60)


def test_after_the_first_chunk_the_error_goes_up(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        for one in servers:
            one.conduct = Conduct.BREAKS
        async with aclosing(engine.generate("x", SamplingParams(), affinity="a.py")) as stream:
            assert (await anext(stream)).text
            with pytest.raises(BackendInterruptedError, match=r"http://127.*: the engine cannot be reached or died"):
                await anext(stream)
        assert sum(len(one.prompts) for one in servers) == 1

    with_pool(servers, scenario)


def test_what_stands_still_in_the_middle_is_given_up_long_before_the_time_is_over(
    servers: list[ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_LOOK", 0.3)

    async def scenario(engine: Engine) -> None:
        frozen = await first_choice(engine, servers)
        frozen.conduct = Conduct.HANGS
        async with aclosing(engine.generate("x", SamplingParams(), affinity="a.py")) as stream:
            assert (await anext(stream)).text == frozen.url
            frozen.conduct = Conduct.FREEZES
            with pytest.raises(BackendInterruptedError, match="did not say within"):
                await anext(stream)

    with_pool(servers, scenario, timeout=60)


@pytest.mark.parametrize(
    ("fields", "anew"),
    [({}, True), ({"streaming": True, "by_line": True}, True), ({"streaming": True}, False)],
    ids=["nobody watches", "no line was shown", "a part was shown"],
)
def test_what_nobody_has_seen_is_written_anew(
    servers: list[ScriptedServer], fields: dict[str, Any], anew: bool
) -> None:
    async def scenario(engine: Engine) -> list[TokenChunk]:
        (await first_choice(engine, servers)).conduct = Conduct.BREAKS
        backend = SFM2(Settings(), engine)
        request = GenerationRequest("import os\n", path="a.py", **fields)
        async with aclosing(Chain([backend], lambda: CircuitBreaker(1, 60), 30).stream(request)) as stream:
            return [chunk async for chunk in stream]

    if not anew:
        with pytest.raises(ModelUnavailableError, match="cannot be reached or died"):
            with_pool(servers, scenario)
        return
    found = with_pool(servers, scenario)
    assert [chunk.backend for chunk in found] == ["sfm2", "sfm2", None], "what came before is void"
    assert found[0].text != found[1].text
    assert found[-1].finish_reason == "stop"


def test_who_leaves_closes_the_connection_to_the_one_that_was_asked(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        asked = await first_choice(engine, servers)
        asked.conduct = Conduct.STALLS
        waiting = asyncio.create_task(who(engine, "a.py"))
        await until_async(lambda: len(asked.prompts) == 2)
        assert (await engine.load()).running == 1  # type: ignore[union-attr]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.to_thread(until, asked.left.is_set)
        assert (await engine.load()).running == 0  # type: ignore[union-attr]
        asked.conduct = Conduct.WELL
        assert await who(engine, "a.py") == asked.url, "leaving is no failure"

    with_pool(servers, scenario, recovery=60)


def test_when_none_can_answer_each_says_why(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        for one in servers:
            one.conduct = Conduct.FULL
        with pytest.raises(BackendOverloadedError) as caught:
            await who(engine)
        assert all(f"{one.url}: the engine is overloaded: full" in caught.value.message for one in servers)
        assert caught.value.retry_after == 1.0

    with_pool(servers, scenario)


def test_a_request_that_brings_engines_down_does_not_get_to_all_of_them() -> None:
    with scripted_servers(5) as many:

        async def scenario(engine: Engine) -> None:
            for one in many:
                one.conduct = Conduct.CLOSES
            with pytest.raises(BackendError):
                await who(engine, "a.py")
            assert [len(one.prompts) for one in many].count(1) == 3

        with_pool(many, scenario)


def test_none_is_there_at_first_and_they_come_later(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        health = await engine.health()
        assert health.phase is Phase.FAILED
        assert health.reason.startswith("0 of 3 engines answer; ")
        with pytest.raises(BackendError, match="0 of 3 engines answer"):
            await who(engine)
        servers[1].conduct = Conduct.WELL
        await until_async(lambda: _is_ready(engine))
        assert await who(engine, "a.py") == servers[1].url
        assert await engine.began() is not None

    for one in servers:
        one.conduct = Conduct.NO_HTTP
    with_pool(servers, scenario)


async def _is_ready(engine: Engine) -> bool:
    return (await engine.health()).phase is Phase.READY


def test_tokens_are_counted_by_any(servers: list[ScriptedServer]) -> None:
    async def scenario(engine: Engine) -> None:
        servers[0].conduct = Conduct.NO_HTTP
        assert await engine.tokenize("ab") == [97, 98]
        assert (await engine.facts()).model == "tiny"

    with_pool(servers, scenario)
