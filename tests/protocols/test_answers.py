"""Other protocols have all of it: the chain, the guard, keys with adapters, statistics, feedback, draining."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from sfm2.backends.echo import Echo
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.models.adapters import AdapterStore
from sfm2.models.catalogue import load_catalogue
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.engines import tiny_adapter
from tests.protocols.listening import Listening
from tests.server.live import Serving, live, settings_for
from tests.server.test_disconnect import WAIT, Endless, connect_and_post

CHAT = {"messages": [{"role": "user", "content": "x"}]}
ALL = [
    ("/v1/completions", {"prompt": "x"}),
    ("/v1/completions", {"prompt": ["x", "y"], "n": 2}),
    ("/v1/completions", {"prompt": "x", "stream": True}),
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", {**CHAT, "stream": True}),
    ("/infill", {"input_prefix": "x"}),
    ("/infill", {"input_prefix": "x", "stream": True}),
]


@pytest.mark.parametrize(("path", "body"), ALL)
def test_generation_stops_when_the_client_leaves(serving: Serving, path: str, body: dict[str, object]) -> None:
    backend = Endless(chunks=0)
    with serving(backends=[backend]) as client:
        connection = connect_and_post(client, path, body)
        assert backend.begun.wait(WAIT)
        connection.close()
        assert backend.stopped.wait(WAIT)
    assert backend.running == 0


@pytest.mark.parametrize(("path", "body"), ALL)
def test_each_counts_as_one_request(serving: Serving, path: str, body: dict[str, object]) -> None:
    with serving() as client:
        assert client.post(path, json=body).status_code == 200
        stats = client.get("/stats").json()
    assert (stats["total_requests"], stats["successful_requests"], stats["model_usage"]) == (1, 1, {"echo": 1})


def test_the_guard_reads_completions_and_says_so(serving: Serving) -> None:
    with serving(backends=[Listening(" a + b\n\nprint(add(1, 2))\nclass")]) as client:
        asked = {"prompt": "def add(a, b):\n    return", "logprobs": 1}
        choice = client.post("/v1/completions", json=asked).json()["choices"][0]
        raw = client.post("/v1/completions", json={**asked, "guard": False}).json()["choices"][0]
    assert choice["text"] == " a + b"
    assert choice["logprobs"]["tokens"] == [" a + b"], "of a token that was cut, what is left of it"
    assert choice["sfm2"]["guard"]["action"] == "cut"
    assert 0 < choice["sfm2"]["confidence"] < 1
    assert raw["text"].endswith("class")


def test_what_the_guard_closed_has_no_probability(serving: Serving) -> None:
    with serving(backends=[Listening("1, (2")]) as client:
        asked = {"prompt": "x = [", "logprobs": 0, "language": "python", "mode": "free"}
        choice = client.post("/v1/completions", json=asked).json()["choices"][0]
    assert choice["text"] == "1, (2)]"
    assert choice["logprobs"]["tokens"] == ["1, (2", ")]"]
    assert choice["logprobs"]["token_logprobs"] == [-0.1, None]
    assert choice["logprobs"]["text_offset"] == [0, 5]


def test_the_prompt_is_said_again_for_who_wants_that(client: httpx.Client) -> None:
    asked = {"prompt": "echo: two", "echo": True}
    assert client.post("/v1/completions", json=asked).json()["choices"][0]["text"] == "echo: two two"
    streamed = client.post("/v1/completions", json={**asked, "stream": True}).text
    assert '"text":"echo: two"' in streamed
    assert '"text":" two"' in streamed


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/completions", {"prompt": "echo: two"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "echo: two"}]}),
    ],
)
def test_no_token_is_an_answer_too(client: httpx.Client, path: str, asked: dict[str, object], stream: bool) -> None:
    response = client.post(path, json={**asked, "max_tokens": 0, "stream": stream})
    assert response.status_code == 200
    assert " two" not in response.text
    assert '"finish_reason":"length"' in response.text


def test_feedback_finds_the_completion(serving: Serving) -> None:
    with serving() as client:
        answer = client.post("/v1/completions", json={"prompt": "x = 1 # echo: y"}).json()
        told = {"id": answer["choices"][0]["sfm2"]["id"], "outcome": "accepted"}
        assert client.post("/feedback", json=told).status_code == 204


def test_the_chain_falls_back_and_the_answer_says_why(serving: Serving) -> None:
    class Broken(Echo):
        name = "sfm2"

        async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
            if request:
                raise BackendError("no weights")
            yield TokenChunk("")

    with serving(backends=[Broken(), Echo()]) as client:
        for path, body in ALL[:1] + ALL[3:4]:
            ours = client.post(path, json=body).json()["choices"][0]["sfm2"]
            assert ours["model_used"] == "echo"
            assert [(one["backend"], one["message"]) for one in ours["fallback"]] == [("sfm2", "no weights")]


def test_a_models_name_asks_for_an_adapter_and_a_key_has_one(serving: Serving, tmp_path: Path) -> None:
    _, key = Keys(Store.in_folder(tmp_path)).create(adapter="mine")
    backend = Listening("1")
    with serving(backends=[backend]) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        for model in ("sfm2:none", "sfm2", None):
            client.post("/v1/completions", json={"prompt": "x = ", "model": model})
            client.post("/infill", json={"input_prefix": "x = ", "model": model})
        client.post("/v1/chat/completions", json=CHAT)
    adapters = [ask.adapter for ask in backend.asked]
    assert adapters == ["none", "none", "mine", "mine", "mine", "mine", None]


def test_adapters_of_these_weights_are_models(serving: Serving, tmp_path: Path) -> None:
    base = load_catalogue().entry(Settings().models.sfm2.model).sha256
    store, backend = AdapterStore(tmp_path), Listening("1")
    store.add(tiny_adapter.write(tmp_path / "made" / "shop", base, 1))
    store.add(tiny_adapter.write(tmp_path / "made" / "strange", "b" * 64, 2))
    with serving(backends=[backend]) as client:
        names = [model["id"] for model in client.get("/v1/models").json()["data"]]
        answer = client.post("/v1/chat/completions", json={**CHAT, "model": "sfm2:shop"}).json()
        unknown = client.post("/v1/completions", json={"prompt": "x", "model": "sfm2:strange"})
    assert "sfm2:shop" in names
    assert "sfm2:strange" not in names
    assert answer["model"] == "sfm2:shop"
    assert backend.asked[0].adapter == "shop"
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("name", ["SFM2", "qwen2.5-Coder-0.5b", "default", "", None, " sfm2 "])
def test_the_default_has_many_names(client: httpx.Client, name: str | None) -> None:
    assert client.post("/v1/completions", json={"prompt": "x", "model": name}).status_code == 200


class Looping(Endless):
    """Knows the loop that it runs on."""

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()


def test_a_server_that_stops_takes_nothing_new_and_ends_what_runs(tmp_path: Path) -> None:
    backend = Looping(chunks=1)
    settings = settings_for(tmp_path)
    app = create_app(settings, AsyncModelManager(settings, [backend]))
    with live(app) as client:
        answers: list[httpx.Response] = []
        body = {"prompt": "x", "guard": False, "stream": True}
        thread = threading.Thread(target=lambda: answers.append(client.post("/v1/completions", json=body)))
        thread.start()
        assert backend.begun.wait(WAIT)
        in_flight = app.state.sfm2.in_flight
        in_flight.drain()
        refused = client.post("/v1/chat/completions", json=CHAT)
        backend.loop.call_soon_threadsafe(in_flight.abort)
        thread.join(WAIT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_unavailable")
    assert "shutting down" in answers[0].text.splitlines()[-2]
    assert "[DONE]" not in answers[0].text
