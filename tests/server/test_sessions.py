"""`X-Session-ID`: a newer request of the same editor session ends the older one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.generation import GenerationRequest
from sfm2.headers import SESSION_ID
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend, Step, forever, until
from tests.server.live import Serving

MINE = {SESSION_ID: "window-1"}


def hole(prefix: str) -> dict[str, Any]:
    return {"prefix": prefix, "path": "a.py", "suffix": "\n"}


def steps(request: GenerationRequest) -> list[Step]:
    """A line, and what never ends; except for the newest."""
    return ["1"] if request.prefix == "new = " else ["1\n", forever]


@pytest.mark.parametrize("newer", ["/complete", "/complete/stream"])
@pytest.mark.parametrize("older", ["/complete", "/complete/stream"])
def test_the_older_one_ends_and_frees_the_engine(serving: Serving, older: str, newer: str) -> None:
    backend = FunctionBackend("echo", steps)
    with serving(backends=[backend]) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, older, json=hole(""), headers=MINE)
        until(lambda: backend.running == 1, what="a stream")
        second = client.post(newer, json=hole("new = "), headers=MINE)
        replaced = first.result()
        until(lambda: backend.running == 0, what="an idle backend")
        assert client.get("/stats").json()["errors"] == {"replaced": 1}
    assert second.status_code == 200
    if "event: chunk" in replaced.text:  # what has begun can't change its status
        assert replaced.text.count("event: error") == 1
        assert '"error":"replaced"' in replaced.text
    else:
        assert (replaced.status_code, replaced.json()["error"]) == (409, "replaced")
        assert "Retry-After" not in replaced.headers


def test_of_many_the_newest_is_answered(serving: Serving) -> None:
    backend = FunctionBackend("echo", steps)
    with serving(backends=[backend]) as client, ThreadPoolExecutor(5) as pool:
        older = []
        for number in range(5):
            older.append(pool.submit(client.post, "/complete", json=hole(f"# {number}\n"), headers=MINE))
            until(lambda: len(backend.requests) == len(older) and backend.running == 1, what="the newest alone")
        assert client.post("/complete", json=hole("new = "), headers=MINE).json()["completion"] == "1"
        assert [one.result().json()["error"] for one in older] == ["replaced"] * 5


def test_others_go_on(serving: Serving, tmp_path: Path) -> None:
    """Another session, no session, another route, the same session of another key."""
    keys = Keys(Store.in_folder(tmp_path))
    mine, theirs = ({"Authorization": f"Bearer {keys.create()[1]}"} for _ in range(2))
    backend = FunctionBackend("echo", steps)
    with serving(backends=[backend], generation={"timeout": 3}) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/complete", json=hole(""), headers={**MINE, **mine})
        until(lambda: backend.running == 1, what="a stream")
        for headers in ({**mine, SESSION_ID: "window-2"}, mine, {**MINE, **theirs}):
            assert client.post("/complete", json=hole("new = "), headers=headers).status_code == 200
        assert client.post("/generate", json={"prompt": "new = "}, headers={**MINE, **mine}).status_code == 200
        assert first.result().json()["finish_reason"] == "time"


def test_one_that_is_over_replaces_nothing(serving: Serving) -> None:
    with serving() as client:
        told = [client.post("/complete", json=hole(f"x{number} = "), headers=MINE).status_code for number in range(3)]
    assert told == [200] * 3


def test_who_asks_for_the_same_again_gets_it(serving: Serving) -> None:
    """The newer one waits for the work of the older one, which nobody else does any more."""
    backend = FunctionBackend("echo", lambda _: [0.3, "1"])
    with serving(backends=[backend]) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/complete", json=hole(""), headers=MINE)
        until(lambda: backend.running == 1, what="a stream")
        assert client.post("/complete", json=hole(""), headers=MINE).json()["completion"] == "1"
        assert first.result().json()["error"] == "replaced"
    assert len(backend.requests) == 1


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 129, "\xe9"])
@pytest.mark.parametrize("path", ["/complete", "/complete/stream"])
def test_a_session_that_is_none_is_refused(client: httpx.Client, path: str, wrong: str) -> None:
    response = client.post(path, json=hole("x = "), headers={SESSION_ID.encode(): wrong.encode("latin-1")})
    assert (response.status_code, response.json()["error"]) == (422, "invalid_request")
    assert "X-Session-ID: expected 1 to 128 printable ASCII" in response.json()["message"]
