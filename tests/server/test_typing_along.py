"""Who types on what a completion says is answered with the rest of it, whichever client it is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.engines.base import EngineLoad
from sfm2.errors import BackendOverloadedError
from sfm2.headers import SESSION_ID
from sfm2.server.answering import typing_along
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.sse import Decoder
from sfm2.testing import FunctionBackend, ScriptedBackend, Step, forever, until
from tests.server.gated import until_running, until_waiting
from tests.server.live import Serving
from tests.server.test_disconnect import connect_and_post
from tests.server.test_metrics import metrics

TYPED = "sfm2; hit; detail=typed"
JOINED = "sfm2; fwd=miss; collapsed; detail=typed"
MINE = {SESSION_ID: "window-1"}
OLDER = "first = second = third = 1\nx = "
TEXT = "first + second"


def hole(typed: str = "", **fields: Any) -> dict[str, Any]:
    return {"prefix": OLDER + typed, "suffix": "\n", "path": "a.py", **fields}


def infill(typed: str = "", **fields: Any) -> dict[str, Any]:
    return {"input_prefix": "import a\n", "prompt": OLDER + typed, "input_suffix": "\n", "top_k": 40, **fields}


def openai(typed: str = "", **fields: Any) -> dict[str, Any]:
    prompt = f"<|fim_prefix|>{OLDER}{typed}<|fim_suffix|>\n<|fim_middle|>"
    return {"prompt": prompt, "temperature": 0.01, "max_tokens": 40, **fields}


def ours_streamed(response: httpx.Response) -> str:
    events = [json.loads(event.data) for event in Decoder().feed(response.content)]
    assert "".join(event["text"] for event in events[:-1]) == events[-1]["completion"]
    text: str = events[-1]["completion"]
    return text


def theirs_streamed(response: httpx.Response) -> str:
    events = [event.data for event in Decoder().feed(response.content)]
    return "".join(json.loads(event)["choices"][0]["text"] for event in events if event != "[DONE]")


def infill_streamed(response: httpx.Response) -> str:
    return "".join(json.loads(event.data)["content"] for event in Decoder().feed(response.content))


ROUTES: dict[str, tuple[str, Callable[..., dict[str, Any]], dict[str, Any], Callable[[httpx.Response], str]]] = {
    "ours": ("/complete", hole, {}, lambda response: str(response.json()["completion"])),
    "ours, streamed": ("/complete/stream", hole, {}, ours_streamed),
    "llama.cpp's": ("/infill", infill, {}, lambda response: str(response.json()["content"])),
    "llama.cpp's, streamed": ("/infill", infill, {"stream": True}, infill_streamed),
    "OpenAI's": ("/v1/completions", openai, {}, lambda response: str(response.json()["choices"][0]["text"])),
    "OpenAI's, streamed": ("/v1/completions", openai, {"stream": True}, theirs_streamed),
}
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES)


class Gate:
    """A step of a script that waits until it is open."""

    def __init__(self) -> None:
        self._open, self._reached = threading.Event(), threading.Event()

    def open(self) -> None:
        self._open.set()

    def until_reached(self) -> None:
        """What stands before it in the script was written by then."""
        assert self._reached.wait(30)

    async def __call__(self) -> None:
        self._reached.set()
        while not self._open.is_set():
            await asyncio.sleep(0.001)


def leave(
    client: httpx.Client,
    backend: FunctionBackend,
    path: str,
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> None:
    """Ask, and close the connection when the model has begun; it goes on."""
    connection = connect_and_post(client, path, body, headers)
    until_running(backend, 1)
    connection.close()
    until(lambda: metrics(client)['sfm2_requests_total{outcome="client_left"}'] == 1, what="a client that left")
    assert (backend.running, backend.closed) == (1, 0)


def until_ended(backend: FunctionBackend) -> None:
    until(lambda: backend.running == 0 and backend.closed > 0, what="the end of what nobody wants")


def status(response: httpx.Response) -> str | None:
    told: str | None = response.raise_for_status().headers.get("cache-status")
    return told


def complete(client: httpx.Client, typed: str = "", headers: dict[str, str] | None = None, **more: Any) -> Any:
    return client.post("/complete", json=hole(typed, **more), headers=headers).raise_for_status().json()


# What is known.


@EVERY_ROUTE
def test_the_rest_of_what_is_known_is_the_answer(serving: Serving, route: str) -> None:
    path, body, more, text_of = ROUTES[route]
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend]) as client:
        assert text_of(client.post(path, json=body(**more))) == TEXT
        for typed in ("f", "fi", "first", "first +", "first + secon"):
            response = client.post(path, json=body(typed, **more))
            assert (status(response), text_of(response)) == (TYPED, TEXT.removeprefix(typed))
        found = metrics(client)
    assert len(backend.requests) == 1
    assert found['sfm2_reused_total{source="typed"}'] == 5
    assert found['sfm2_requests_total{outcome="success"}'] == 6
    assert found['sfm2_tokens_total{kind="completion"}'] == 1, "those of an answer are counted once"


@EVERY_ROUTE
@pytest.mark.parametrize("other", ["g", "fo", "first + second", "first + seconds"])
def test_what_was_mistyped_or_is_all_there_was_asks_the_model(serving: Serving, route: str, other: str) -> None:
    path, body, more, text_of = ROUTES[route]
    backend = FunctionBackend("echo", lambda request: [TEXT if request.prefix.endswith(OLDER) else "_new"])
    with serving(backends=[backend]) as client:
        client.post(path, json=body(**more))
        response = client.post(path, json=body(other, **more))
        assert (status(response), text_of(response)) == (None, "_new")
    assert len(backend.requests) == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_over_a_line_break(serving: Serving, newline: str) -> None:
    before = f"def f(x):{newline}    "
    backend = ScriptedBackend("echo", "if x:\n        return 1\n    return 2\n")
    with serving(backends=[backend]) as client:
        asked = {"prefix": before, "suffix": newline, "path": "a.py"}
        text = client.post("/complete", json=asked).json()["completion"]
        assert text == f"if x:{newline}        return 1{newline}    return 2"
        typed = f"if x:{newline}        re"
        response = client.post("/complete", json={**asked, "prefix": before + typed})
        answer = response.json()
    assert (status(response), answer["completion"]) == (TYPED, f"turn 1{newline}    return 2")
    assert answer["generated_code"] == before + text
    assert len(backend.requests) == 1


def test_it_is_a_completion_of_its_own_with_what_is_known_of_the_whole(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "fir", "st", " + second")
    with serving(backends=[backend]) as client:
        whole, rest = (complete(client, typed, logprobs=True, features=True) for typed in ("", "fi"))
        for one, outcome in ((whole, "rejected"), (rest, "accepted")):
            assert client.post("/feedback", json={"id": one["id"], "outcome": outcome}).status_code == 204
    assert whole["id"] != rest["id"]
    assert [(token["text"], token["logprob"]) for token in rest["logprobs"]] == [
        ("r", -0.5),
        ("st", -0.5),
        (" + second", -0.5),
    ]
    assert rest["generated_code"] == OLDER + TEXT
    same = ("confidence", "calibrated", "features", "finish_reason", "guard", "model_used", "tokens", "language")
    assert {name: rest[name] for name in same} == {name: whole[name] for name in same}


def test_a_bracket_that_the_editor_closed_is_not_given_twice(serving: Serving) -> None:
    backend = ScriptedBackend("echo", "max(first, second)")
    with serving(backends=[backend]) as client:
        complete(client)
        assert complete(client, "max(", suffix=")\n")["completion"] == "first, second"
    assert len(backend.requests) == 1


DIFFERENT: dict[str, dict[str, Any]] = {
    "what follows": {"suffix": "\ny"},
    "the file": {"path": "b.py"},
    "other files": {"context": [{"text": "y = 1", "path": "b.py"}]},
    "the length": {"max_length": 9},
    "the mode": {"mode": "line"},
    "no guard": {"guard": False},
    "a stop": {"stop": ["z"]},
    "an adapter": {"adapter": "mine"},
    "it is drawn": {"temperature": 0.5},
    "tokens": {"logprobs": True},
    "choices": {"n": 2},
}


@pytest.mark.parametrize("other", DIFFERENT)
def test_what_differs_otherwise_asks_the_model(serving: Serving, other: str) -> None:
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend]) as client:
        complete(client)
        asked = len(backend.requests)
        response = client.post("/complete", json=hole("first", **DIFFERENT[other]))
    assert status(response) is None
    assert len(backend.requests) > asked


def test_no_other_key_gets_it(serving: Serving, tmp_path: Path) -> None:
    keys = Keys(Store.in_folder(tmp_path))
    one, other = ({"Authorization": f"Bearer {keys.create()[1]}"} for _ in range(2))
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend]) as client:
        told = [
            status(client.post("/complete", json=hole(typed), headers=key))
            for typed, key in (
                ("", one),
                ("first", other),
                ("first", one),
            )
        ]
    assert told == [None, None, TYPED]
    assert len(backend.requests) == 2


def test_it_can_be_switched_off(serving: Serving) -> None:
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend], cache={"typing_along": False}) as client:
        assert [status(client.post("/complete", json=hole(typed))) for typed in ("", "first")] == [None, None]
    assert len(backend.requests) == 2


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        ("no-store", "", None),
        ("", "no-store", None),
        ("", "no-cache", None),
        ("", "max-age=60", TYPED),
    ],
)
def test_a_request_may_leave_no_trace_or_want_a_fresh_answer(
    serving: Serving, first: str, then: str, told: str | None
) -> None:
    with serving(backends=[ScriptedBackend("echo", TEXT)]) as client:
        complete(client, headers={"Cache-Control": first})
        assert status(client.post("/complete", json=hole("first"), headers={"Cache-Control": then})) == told


def test_beside_the_cache_it_says_what_each_did(serving: Serving) -> None:
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend], cache={"enabled": True}) as client:
        told = [status(client.post("/complete", json=hole(typed))) for typed in ("", "", "first", "y")]
        found = metrics(client)
    assert told == ["sfm2; fwd=miss; stored", "sfm2; hit; ttl=599", TYPED, "sfm2; fwd=miss; stored"]
    assert found["sfm2_cache_misses_total"] == 2


def test_what_another_backend_said_in_its_place_is_not_typed_along(serving: Serving) -> None:
    backends = [ScriptedBackend("sfm2", BackendOverloadedError("full")), ScriptedBackend("openai", TEXT)]
    with serving(backends=backends) as client:
        assert [complete(client, typed)["fallback"] != [] for typed in ("", "first")] == [True, True]
    assert len(backends[0].requests) == 2


def test_what_the_length_cut_is_given_as_far_as_it_goes(serving: Serving) -> None:
    backend = FunctionBackend("echo", lambda request: [TEXT, *([forever] if request.prefix == OLDER else [])])
    with serving(backends=[backend], generation={"timeout": 1}) as client:
        assert complete(client, guard=False)["finish_reason"] == "time"
        rest = complete(client, "first", guard=False)
        assert (rest["completion"], rest["finish_reason"]) == (" + second", "time")
        assert complete(client, TEXT, guard=False)["finish_reason"] == "stop"
    assert len(backend.requests) == 2


# What is being written.


@EVERY_ROUTE
def test_who_types_on_meanwhile_waits_for_the_rest(serving: Serving, route: str) -> None:
    path, body, more, text_of = ROUTES[route]
    gate = Gate()
    backend = ScriptedBackend("echo", "first + ", gate, "second")
    with serving(backends=[backend]) as client, ThreadPoolExecutor(3) as pool:
        posted = []
        for number, typed in enumerate(("", "f", "first"), 1):
            posted.append(pool.submit(client.post, path, json=body(typed, **more)))
            until_waiting(client, number)
            gate.until_reached()
        gate.open()
        answers = [one.result() for one in posted]
        assert [text_of(one) for one in answers] == [TEXT, "irst + second", " + second"]
        assert [status(one) for one in answers] == [None, JOINED, JOINED]
        assert metrics(client)['sfm2_reused_total{source="typed"}'] == 2
    assert len(backend.requests) == 1


@EVERY_ROUTE
def test_the_first_may_leave(serving: Serving, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor closes the connection with the next key."""
    monkeypatch.setattr(typing_along, "GRACE", 20.0)
    path, body, more, text_of = ROUTES[route]
    gate = Gate()
    backend = ScriptedBackend("echo", "first + ", gate, "second")
    with serving(backends=[backend]) as client, ThreadPoolExecutor(1) as pool:
        leave(client, backend, path, body(**more))
        gate.until_reached()
        posted = pool.submit(client.post, path, json=body("first", **more))
        until_waiting(client, 1)
        gate.open()
        assert (status(posted.result()), text_of(posted.result())) == (JOINED, " + second")
    assert len(backend.requests) == 1


def test_the_first_may_be_replaced_in_its_session(serving: Serving) -> None:
    gate = Gate()
    backend = ScriptedBackend("echo", "first + ", gate, "second")
    with serving(backends=[backend]) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.post, "/complete", json=hole(), headers=MINE)
        gate.until_reached()
        second = pool.submit(client.post, "/complete", json=hole("first"), headers=MINE)
        assert first.result().json()["error"] == "replaced"
        gate.open()
        assert second.result().json()["completion"] == " + second"
    assert len(backend.requests) == 1


@pytest.mark.parametrize("newer", ["/complete", "/complete/stream"])
@pytest.mark.parametrize("older", ["/complete", "/complete/stream"])
def test_a_session_that_disagrees_ends_it(
    serving: Serving, older: str, newer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing_along, "GRACE", 20.0)
    backend = FunctionBackend("echo", lambda request: ["1"] if request.prefix != OLDER else ["first", forever])
    with serving(backends=[backend]) as client:
        leave(client, backend, older, hole(), MINE)
        client.post(newer, json=hole("y"), headers=MINE).raise_for_status()
        until_ended(backend)  # long before the time is over
    assert len(backend.requests) == 2


def test_so_does_a_request_without_a_session_at_the_same_place(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing_along, "GRACE", 20.0)
    answers: dict[str, list[Step]] = {OLDER + "\n": ["first", forever]}
    backend = FunctionBackend("echo", lambda request: answers.get(request.prefix + request.suffix, ["1"]))
    with serving(backends=[backend]) as client:
        leave(client, backend, "/complete", hole())
        complete(client, suffix="\ny = 1\n")
        assert backend.running == 1, "another place says nothing of this one"
        complete(client, "y")
        until_ended(backend)


def test_who_types_ahead_of_the_model_asks_it_anew(serving: Serving) -> None:
    """It would be a guess that what is being written will agree, and to wait for it would take longer."""
    gate = Gate()
    backend = FunctionBackend("echo", lambda request: ["1"] if request.prefix != OLDER else [gate, "first", forever])
    with serving(backends=[backend]) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.post, "/complete", json=hole(), headers=MINE)
        until_running(backend, 1)
        second = pool.submit(client.post, "/complete", json=hole("f = "), headers=MINE)
        assert first.result().json()["error"] == "replaced"
        gate.open()
        assert second.result().json()["completion"] == "1"
        until(lambda: backend.running == 0, what="the end of what was mistyped")
    assert len(backend.requests) == 2


def test_who_was_wrong_is_not_waited_for_again(serving: Serving) -> None:
    """Somebody types something else, key by key: the newest is asked at once."""
    gate = Gate()
    answers: dict[str, list[Step]] = {"": [gate, "first", forever], "f = ": [forever]}
    backend = FunctionBackend("echo", lambda request: answers.get(request.prefix.removeprefix(OLDER), ["1"]))
    with serving(backends=[backend]) as client, ThreadPoolExecutor(3) as pool:
        older = []
        for number, typed in enumerate(answers, 1):
            older.append(pool.submit(client.post, "/complete", json=hole(typed), headers=MINE))
            until_running(backend, 1)
            if number == 1:
                continue
            assert older[0].result().json()["error"] == "replaced"
            gate.open()
            until(lambda: len(backend.requests) == 2, what="a model that was asked once more")
        assert client.post("/complete", json=hole("f = f"), headers=MINE).json()["completion"] == "1"
        assert older[1].result().json()["error"] == "replaced"
        until_ended(backend)


def test_streams_join_in_the_middle(serving: Serving) -> None:
    middle, end = Gate(), Gate()
    backend = ScriptedBackend("echo", "first", " + ", middle, "second", end, " + third")
    with serving(backends=[backend]) as client, ThreadPoolExecutor(1) as pool:
        with client.stream("POST", "/complete/stream", json=hole(guard=False)) as first:
            lines = first.iter_lines()
            while '" + "' not in next(lines):
                pass
            with client.stream("POST", "/complete/stream", json=hole("fir", guard=False)) as second:
                assert next(line for line in second.iter_lines() if "data" in line) == 'data: {"text":"st"}'
                middle.open()
                end.open()
        whole = pool.submit(client.post, "/complete/stream", json=hole("fir", guard=False)).result()
        assert ours_streamed(whole) == "st + second + third"
    assert len(backend.requests) == 1


def test_a_stream_that_fails_fails_for_all_and_is_forgotten(serving: Serving) -> None:
    gate = Gate()
    scripts: list[list[Step]] = [["first + ", gate, BackendOverloadedError("full")], ["second"]]
    backend = FunctionBackend("echo", lambda _: scripts[len(backend.requests) - 1])
    with serving(backends=[backend]) as client, ThreadPoolExecutor(2) as pool:
        posted = []
        for number, typed in enumerate(("", "fir"), 1):
            posted.append(pool.submit(client.post, "/complete/stream", json=hole(typed, guard=False)))
            until_waiting(client, number)
        gate.open()
        assert all("event: error" in one.result().text for one in posted)
        assert complete(client, "first", guard=False)["completion"] == "second"


def test_who_saw_nothing_of_a_stream_that_broke_asks_the_model(serving: Serving) -> None:
    gate = Gate()
    scripts: list[list[Step]] = [["first + ", gate, BackendOverloadedError("full")], [TEXT]]
    backend = FunctionBackend("echo", lambda _: scripts[len(backend.requests) - 1])
    with serving(backends=[backend]) as client, ThreadPoolExecutor(2) as pool:
        stream = pool.submit(client.post, "/complete/stream", json=hole(guard=False))
        gate.until_reached()
        whole = pool.submit(client.post, "/complete", json=hole("fir", guard=False))
        until_waiting(client, 2)
        gate.open()
        assert "event: error" in stream.result().text
        assert whole.result().json()["completion"] == TEXT


def test_who_could_not_be_shown_anything_asks_the_model(serving: Serving) -> None:
    gate = Gate()
    scripts: list[list[Step]] = [["first", gate, BackendOverloadedError("full")], [TEXT]]
    backend = FunctionBackend("echo", lambda _: scripts[len(backend.requests) - 1])
    with serving(backends=[backend]) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.post, "/complete", json=hole())
        gate.until_reached()
        second = pool.submit(client.post, "/complete", json=hole("f"))
        until_waiting(client, 2)
        gate.open()
        assert first.result().status_code == 503
        assert second.result().json()["completion"] == TEXT


def test_when_all_have_left_it_ends_after_a_while(serving: Serving) -> None:
    backend = ScriptedBackend("echo", forever)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/infill", infill())
        until_running(backend, 1)
        connection.close()
        until_ended(backend)


class Busy(ScriptedBackend):
    """Others wait for its engine."""

    async def load(self) -> EngineLoad:
        return EngineLoad(running=8, waiting=1)


def test_under_load_it_ends_at_once(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing_along, "GRACE", 20.0)
    backend = Busy("echo", forever)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, "/complete", hole())
        until_running(backend, 1)
        connection.close()
        until_ended(backend)


def test_a_server_that_stops_waits_for_nobody_who_left(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typing_along, "GRACE", 1_000.0)
    backend = ScriptedBackend("echo", forever)
    with serving(backends=[backend]) as client:
        leave(client, backend, "/complete", hole())
    assert backend.running == 0


def test_prompts_are_read_whatever_is_known(serving: Serving) -> None:
    """Editors that ask for no tokens want the engine to know the prompt."""
    backend = ScriptedBackend("echo", TEXT)
    with serving(backends=[backend]) as client:
        for typed in ("", "first"):
            client.post("/infill", json=infill(typed, n_predict=0)).raise_for_status()
    assert [request.prefix[-5:] for request in backend.requests] == ["\nx = ", "first"]
