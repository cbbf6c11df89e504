"""Whatever one client sends, the others are answered meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from sfm2.server.http.context import RequestContext
from sfm2.server.http.routing import RoutePolicy
from sfm2.server.middleware.turnstile import Turnstile
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppState
from sfm2.server.usage.loop_lag import LoopLag
from sfm2.testing import ScriptedBackend
from tests.server.live import Serving

SOON = 1.0
"""Seconds within which a server answers that is not blocked."""
SHARE = 0.3
"""Of the time that a request takes, on a busy machine: a server that is blocked answers when it is over."""
SIZE = 188_000
WRITTEN = "x = 1\nfoo(bar(1))\nif x {\n  y()\n}\n"


def a_line_at_a_time(text: str) -> list[str]:
    return text.splitlines(keepends=True)


@pytest.fixture(scope="module")
def hostile() -> dict[str, str]:
    return {
        "open brackets": "(" * SIZE,
        "open braces": "{\n" * (SIZE // 2),
        "open tags": "<" * SIZE,
        "deeply nested": "".join(" " * min(depth, 400) + "a:\n" for depth in range(600)),
        "emoji": "😀" * 20_000,
        "ideographs": "中" * 60_000,
        "one letter": "a" * 200_000,
        "a class": "class A:\n" + "".join(f"    def f{i}(self):\n        return [self.g{i}]\n\n" for i in range(4_000)),
    }


def assert_others_are_answered(client: httpx.Client, path: str, body: Any) -> None:
    """Whether `/health/live` answers soon while a request runs, which succeeds."""
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=client.base_url, timeout=120, trust_env=False) as other:
        running = pool.submit(other.post, path, json=body)
        slowest = max(_probes(client, running.done))
        assert running.result().status_code == 200, running.result().text
    assert slowest < max(SOON, SHARE * (time.monotonic() - started))


def _probes(client: httpx.Client, is_over: Any) -> Iterator[float]:
    while True:
        last = is_over()
        started = time.monotonic()
        assert client.get("/health/live").status_code == 200
        yield time.monotonic() - started
        time.sleep(0.02)
        if last:
            return


@pytest.mark.parametrize(
    ("kind", "language"),
    [
        ("open brackets", "haskell"),
        ("open brackets", "javascript"),
        ("open braces", "dart"),
        ("open tags", "bash"),
        ("open tags", "typescript"),
        ("deeply nested", "yaml"),
        ("emoji", "dart"),
        ("ideographs", "dart"),
        ("one letter", "python"),
        ("one letter", None),
        ("a class", "python"),
    ],
)
@pytest.mark.timeout(120)
def test_a_text_that_a_grammar_is_at_a_loss_with_holds_up_nobody(
    serving: Serving, hostile: dict[str, str], kind: str, language: str | None
) -> None:
    backend = ScriptedBackend("echo", *a_line_at_a_time(WRITTEN))
    body = {"prefix": hostile[kind] + "\n", "suffix": "\n", **({"language": language} if language else {})}
    with serving(backends=[backend]) as client:
        assert_others_are_answered(client, "/complete", body)


@pytest.mark.timeout(120)
def test_code_that_takes_long_to_read_holds_up_nobody(serving: Serving, hostile: dict[str, str]) -> None:
    body = {"code": hostile["emoji"][:19_000], "language": "dart"}
    with serving(backends=[ScriptedBackend("echo", "It does it.")]) as client:
        assert_others_are_answered(client, "/explain", body)


def test_a_completion_of_which_parsing_took_too_long_says_so(serving: Serving, hostile: dict[str, str]) -> None:
    with serving(backends=[ScriptedBackend("echo", "foo(bar)")]) as client:
        found = client.post("/complete", json={"prefix": hostile["ideographs"] + "\n", "language": "dart"}).json()
    assert found["completion"] == "foo(bar)"
    assert found["guard"]["parses"] is None
    assert found["guard"]["reasons"] == ["too_large"]


def test_what_blocks_the_loop_is_seen_in_the_statistics(serving: Serving) -> None:
    async def block() -> None:
        time.sleep(0.3)

    with serving(backends=[ScriptedBackend("echo", block, "x = 1")]) as client:
        client.post("/generate", json={"prompt": "x"})
        found = client.get("/stats").json()
    assert found["loop_lag"] > 0.1
    assert found["loop_lags"]["1"] + found["loop_lags"]["inf"] > 0


def test_lag_is_counted_by_the_bound_that_it_does_not_exceed() -> None:
    lag = LoopLag()
    for seconds in (0.0, 0.01, 0.02, 0.5, 7.0):
        lag.add(seconds)
    assert lag.counts == {"0.01": 2, "0.1": 1, "1": 1, "inf": 1}
    assert lag.most == 7.0


def test_requests_that_come_at_once_begin_one_after_another() -> None:
    """And what is open passes them by."""
    begun: list[tuple[str, int]] = []
    rounds = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append((scope["path"], rounds))

    async def count_rounds() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    async def scenario() -> None:
        turnstile = Turnstile(app, cast("AppState", None))
        counting = asyncio.create_task(count_rounds())
        scopes = [{"type": "http", "path": path} for path in ("/a", "/b", "/c", "/health")]
        for scope in scopes:
            policy = RoutePolicy(SFM2, open=scope["path"] == "/health")
            RequestContext("id", policy).attach(scope)
        nothing = cast("Any", None)
        await asyncio.gather(*(turnstile(scope, nothing, nothing) for scope in scopes))
        counting.cancel()

    asyncio.run(scenario())
    assert [path for path, _ in begun] == ["/health", "/a", "/b", "/c"]
    assert len({at for path, at in begun if path != "/health"}) == 3
