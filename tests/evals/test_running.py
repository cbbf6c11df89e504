"""Runs over real services with the echo backend: what is sent, what is recorded, and when a run ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from sfm2.backends.echo import Echo
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import (
    APIConnectionError,
    AuthenticationError,
    ModelUnavailableError,
)
from sfm2.evals import asking
from sfm2.evals.asking import Asking, alone, in_process, over_http
from sfm2.evals.items import Record
from sfm2.evals.results import read
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import CompleteRequest, GenerateRequest, Mode
from tests.evals.echo_runs import EMPTY, ITEMS, PROMPT, RIGHT, UNASKABLE, FailingEcho, asked, line, records, run
from tests.server.live import live, settings_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "results" / "run.jsonl"


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with live(create_app(settings)) as client:
        yield str(client.base_url)


@pytest.mark.parametrize("over_network", [True, False], ids=["over HTTP", "in this process"])
def test_every_item_is_asked_and_judged(settings: Settings, url: str, output: Path, over_network: bool) -> None:
    service = over_http(url, None, 2) if over_network else in_process(alone(settings))
    requests = asked(service, ITEMS, output, at_once=2)
    assert len(requests) == 4
    found = records(output)
    assert {name: record.completion for name, record in found.items()} == {
        "right": "1",
        "wrong": "2",
        "empty": "",
        "prompt": "3",
    }
    assert {name: record.passed for name, record in found.items()} == {
        "right": True,
        "wrong": False,
        "empty": True,
        "prompt": None,
    }
    assert (found["right"].exact, found["wrong"].exact, found["prompt"].correct) == (True, False, True)
    assert [name for name, record in found.items() if record.empty] == ["empty"]
    assert found["wrong"].error == "AssertionError"
    assert found["right"].features["mean_logprob"] == pytest.approx(-0.1)
    assert all(record.model_used == "echo" and record.seconds > 0 for record in found.values())


def test_items_are_asked_as_they_say(settings: Settings, output: Path) -> None:
    items = [replace(RIGHT, mode="line", path="a.py", max_length=7), replace(PROMPT, mode="function")]
    hole, prompt = asked(in_process(alone(settings)), items, output, askings=[Asking(temperature=0.5, seed=3)])
    assert isinstance(hole, CompleteRequest)
    assert isinstance(prompt, GenerateRequest)
    assert (hole.path, hole.max_length, hole.mode, hole.suffix) == ("a.py", 7, Mode.LINE, "\n")
    assert (prompt.prompt, prompt.suffix, prompt.mode) == (PROMPT.prefix, None, Mode.FUNCTION)
    for request in (hole, prompt):
        assert (request.temperature, request.seed, request.guard, request.features) == (0.5, 3, True, True)
        assert request.use_fallback is False


def test_a_run_may_ask_otherwise_than_the_items_say(settings: Settings, output: Path) -> None:
    how = Asking(guard=False, max_length=9, mode="free")
    (request,) = asked(in_process(alone(settings)), [replace(RIGHT, mode="line")], output, askings=[how])
    assert (request.guard, request.max_length, request.mode) == (False, 9, Mode.FREE)
    assert records(output)["right"].action == "off"


def test_the_header_says_what_was_asked_and_of_whom(url: str, output: Path) -> None:
    asked(over_http(url, None, 2), ITEMS, output, at_once=2)
    found = read(output).header
    assert (found.suite, found.settings["backend"], found.settings["items"]) == ("made", "echo", 4)
    assert (found.settings["guard"], found.settings["temperature"], found.settings["concurrency"]) == (True, 0.0, 2)


def test_an_item_that_nobody_could_ask_stops_no_run(settings: Settings, output: Path) -> None:
    items = [UNASKABLE, replace(UNASKABLE, id="b"), replace(UNASKABLE, id="c"), replace(UNASKABLE, id="d"), RIGHT]
    assert len(asked(in_process(alone(settings)), items, output)) == 1
    found = records(output)
    assert (found["d"].answered, found["right"].passed) == (False, True)
    assert str(found["d"].error).startswith("invalid_request: ")


def test_three_failures_in_a_row_end_the_run(settings: Settings, output: Path) -> None:
    items = [RIGHT, *(line(name, "2") for name in "abcdef"), EMPTY]

    async def broken() -> None:
        async with AsyncModelManager(settings, [FailingEcho("lambda echo:2")], patient=True) as manager:
            with pytest.raises(ModelUnavailableError):
                await run(manager, items, [output])

    asyncio.run(broken())
    found = records(output)
    assert list(found) == ["right", "a", "b", "c"]
    assert [record.answered for record in found.values()] == [True, False, False, False]


def test_failures_with_answers_between_them_do_not(settings: Settings, output: Path) -> None:
    items = [line(f"i{index}", says) for index, says in enumerate("122" * 4)]

    async def now_and_then() -> None:
        async with AsyncModelManager(settings, [FailingEcho("lambda echo:2")], patient=True) as manager:
            await run(manager, items, [output])

    asyncio.run(now_and_then())
    assert sum(not record.answered for record in records(output).values()) == 8


def test_arms_of_a_pair_have_files_of_their_own_and_take_turns(settings: Settings, tmp_path: Path) -> None:
    on, off = tmp_path / "run.jsonl", tmp_path / "run.raw.jsonl"
    pair = [Asking(guard=True), Asking(guard=False)]
    requests = asked(in_process(alone(settings)), ITEMS, on, off, askings=pair)
    assert [request.guard for request in requests] == [True, False, False, True, True, False, False, True]
    assert list(records(on)) == list(records(off)) == [item.id for item in ITEMS]
    assert (read(on).header.settings["guard"], read(off).header.settings["guard"]) == (True, False)
    assert {record.action for record in records(off).values()} == {"off"}
    assert records(on)["right"].action != "off"


def test_a_service_that_is_gone_ends_the_run_and_keeps_what_it_said(
    settings: Settings, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_RETRIES", 0)  # seconds of waiting otherwise
    with ExitStack() as serving:
        url = str(serving.enter_context(live(create_app(settings))).base_url)

        def gone_after_two(record: Record) -> None:
            if record.id == "wrong":
                serving.close()

        with pytest.raises(APIConnectionError):
            asked(over_http(url, None, 1), ITEMS, output, answered=gone_after_two)
    assert list(records(output)) == ["right", "wrong"]
    with live(create_app(settings)) as again:
        assert len(asked(over_http(str(again.base_url), None, 1), ITEMS, output)) == 2


def test_a_service_that_cannot_answer_is_no_abstention(
    settings: Settings, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_RETRIES", 0)  # seconds of waiting otherwise
    with live(create_app(settings, AsyncModelManager(settings, [FailingEcho("lambda echo:2")]))) as client:
        asked(over_http(str(client.base_url), None, 1), ITEMS, output)
    failed = records(output)["wrong"]
    assert (failed.answered, failed.empty, failed.passed, failed.exact) == (False, False, False, False)
    assert str(failed.error).startswith("model_unavailable: ")


def test_a_key_that_is_wanted_ends_the_run(settings: Settings, output: Path) -> None:
    _, key = Keys(Store.in_folder(settings.storage.data_dir)).create()
    with live(create_app(settings)) as client:
        url = str(client.base_url)
        with pytest.raises(AuthenticationError):
            asked(over_http(url, None, 1), [RIGHT], output)
        assert not output.exists()
        assert len(asked(over_http(url, key, 1), [RIGHT], output)) == 1


def test_questions_are_asked_at_once_but_no_more_than_allowed(settings: Settings, output: Path) -> None:
    class Counting(Echo):
        now = most = 0

        async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
            self.now += 1
            self.most = max(self.most, self.now)
            async for chunk in super().stream(request):
                yield chunk
            self.now -= 1

    async def counted() -> int:
        backend = Counting(0.02)
        async with AsyncModelManager(settings, [backend], patient=True) as manager:
            await run(manager, [line(f"i{number}", "1") for number in range(12)], [output], at_once=3)
        return backend.most

    assert asyncio.run(counted()) == 3


def test_only_the_first_of_a_chain_is_measured(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, fallback={"chain": ["sfm2", "echo"]})
    assert alone(settings).fallback.chain == ("sfm2",)
    assert alone(settings, "echo").fallback.chain == ("echo",)
