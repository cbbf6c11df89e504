"""`python -m benchmarks.soak --minutes 10`: four workers and 64 clients of all kinds, for a long time.

Afterwards the server's counters are compared with what the clients counted, its memory with that of the second third of the
time, its handles with those of the idle server after a warm-up, and a limit with how often it let somebody in. Exits with 1
for a fault, which it names.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import click
import httpx
import psutil

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import ServerProcess, serve_process

WORKERS = 4
CLIENTS = 64
LIMIT = 40
"""Requests an hour of the key whose limit is checked"""
INTENDED = (429, 503)
MOST_GROWTH = 0.05
"""Of memory after the warm-up, that fragmentation may explain"""
MOST_HANDLES = 8
"""More than after the warm-up, of a server that has nothing to do"""
_WARM_UP = 0.1
"""Of the time"""
_SETTLED = 5.0
"""Seconds until what clients left behind is closed, and counters are written"""
_PREFIX = "def area(width, height):\n    return "
_LEFT = "left"


@dataclass
class Counted:
    """What the clients counted."""

    model: Counter[str] = field(default_factory=Counter)
    """Requests to the model routes: `200`, an error's code, or `left`"""
    other: Counter[int] = field(default_factory=Counter)
    """Statuses of all other routes"""
    limited: Counter[int] = field(default_factory=Counter)
    """Statuses of the key with the limit"""
    tokens: int = 0
    """Of answers that were read to the end"""
    faults: list[str] = field(default_factory=list)
    """What should not have happened"""


@dataclass(frozen=True)
class Used:
    """What the server's processes use together."""

    at: float
    memory: int
    """Bytes of resident memory"""
    handles: int


Client = Callable[[httpx.AsyncClient, Random, Counted], Awaitable[None]]


async def soaked(server: ServerProcess, limited_key: str, seconds: float, counted: Counted) -> list[Used]:
    """64 clients until the time is over; what the server used every second, and last when they had left."""
    used = []
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"Authorization": f"Bearer {server.environment['SOAK_KEY']}"}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, timeout=90, limits=limits, trust_env=False
    ) as http:

        async def repeat(one: Client, number: int) -> None:
            random = Random(number)
            while time.monotonic() < end:
                try:
                    await one(http, random, counted)
                except httpx.HTTPError as error:
                    counted.faults.append(f"{one.__name__}: {error!r}")
                await asyncio.sleep(random.random())

        async def watch() -> None:
            while time.monotonic() < end:
                used.append(_used(server))
                await asyncio.sleep(1)

        async def limited(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
            answer = await http.get("/v1/models", headers={"Authorization": f"Bearer {limited_key}"})
            counted.limited[answer.status_code] += 1

        kinds = [kind for kind, count in _MIX.items() for _ in range(count)]
        assert len(kinds) == CLIENTS
        tasks = [repeat(kind, number) for number, kind in enumerate(kinds)]
        await asyncio.gather(*tasks, repeat(limited, -1), watch())
    await asyncio.sleep(_SETTLED)
    return [*used, _used(server)]


async def _types(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    """Types on, and so gives up half of what was asked."""
    body = {"prefix": f"# {random.random()}\n{_PREFIX}", "suffix": "\n", "path": "a.py", "max_length": 16}
    asking = asyncio.create_task(_post(http, "/complete", body, counted))
    if random.random() < 0.5:
        await asyncio.wait([asking], timeout=random.uniform(0.05, 1))
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])
            counted.model[_LEFT] += 1
            return
    await asking


async def _generates(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    body = {"prompt": f"# {random.random()}\ndef solve(items):\n", "max_length": 40, "language": "python"}
    await _post(http, "/generate", body, counted)


async def _explains(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    await _post(http, "/explain", {"code": f"def f(x):\n    return x + {random.randrange(10**6)}\n"}, counted)


async def _batches(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    prompts = [f"# {random.random()}\ndef f():\n" for _ in range(4)]
    await _post(http, "/generate/batch", {"prompts": prompts, "max_length": 16}, counted)


async def _openai(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    body = {"model": "sfm2", "prompt": f"# {random.random()}\nx = ", "max_tokens": 16}
    await _post(http, "/v1/completions", body, counted)


async def _errs(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    body: dict[str, object] = random.choice([{"prompt": ""}, {"prompt": "x", "max_length": 10**6}, {"unknown": 1}])
    await _post(http, "/generate", body, counted)


async def _streams(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    body = {"prefix": f"# {random.random()}\n{_PREFIX}", "path": "a.py", "max_length": 24}
    async with http.stream("POST", "/complete/stream", json=body) as answer:
        text = (await answer.aread()).decode()
    if answer.status_code != httpx.codes.OK:
        _count(counted, answer)
        return
    name, data = text.rstrip().split("\n\n")[-1].split("\n", 1)
    last = json.loads(data.removeprefix("data: "))
    if name == "event: done":
        counted.model["200"] += 1
        counted.tokens += last["tokens"]["completion"]
    else:
        counted.model[last["error"]] += 1


async def _looks(http: httpx.AsyncClient, random: Random, counted: Counted) -> None:
    answer = await http.get(random.choice(["/stats", "/metrics", "/health", "/health/live", "/v1/models"]))
    counted.other[answer.status_code] += 1
    if answer.status_code != httpx.codes.OK:
        counted.faults.append(f"{answer.url.path}: {answer.status_code} {answer.text[:200]}")


_MIX: dict[Client, int] = {
    _types: 28,
    _generates: 10,
    _streams: 10,
    _explains: 2,
    _batches: 2,
    _openai: 6,
    _errs: 3,
    _looks: 3,
}


async def _post(http: httpx.AsyncClient, path: str, body: dict[str, object], counted: Counted) -> None:
    _count(counted, await http.post(path, json=body))


def _count(counted: Counted, answer: httpx.Response) -> None:
    content = answer.json()
    if answer.status_code == httpx.codes.OK:
        results = content.get("results") or [content]
        failed = "completion" not in results[0] and all("error" in one for one in results)
        counted.model[results[0]["error"] if failed else "200"] += 1  # a batch without any answer has failed
        counted.tokens += sum(_tokens(results))
        return
    error = content["error"]
    counted.model[error["code"] if isinstance(error, dict) else error] += 1
    expected = (*INTENDED, 422, 413)
    if answer.status_code not in expected:
        counted.faults.append(f"{answer.url.path}: {answer.status_code} {answer.text[:200]}")


def _tokens(results: list[dict[str, Any]]) -> Iterator[int]:
    for one in results:
        if "usage" in one:
            yield one["usage"]["completion_tokens"]
        elif "tokens" in one:
            yield one["tokens"]["completion"]


def _differences(counted: Counted, stats: dict[str, Any]) -> Iterator[str]:
    """Where the server's counters are not the clients'. Who leaves may not have been heard, or was answered just before."""
    seen = Counter({**stats["errors"], "200": stats["successful_requests"]})
    if not 0 <= counted.model.total() - stats["total_requests"] <= counted.model[_LEFT]:
        yield f"{stats['total_requests']} requests counted by the server, {counted.model.total()} by the clients"
    gone = seen.pop("client_left", 0)
    for code in {*seen, *counted.model} - {_LEFT}:
        difference = seen[code] - counted.model[code]
        if not 0 <= difference <= counted.model[_LEFT] - gone:
            yield f"{code}: {seen[code]} counted by the server, {counted.model[code]} by the clients"


def _used(server: ServerProcess) -> Used:
    memory = handles = 0
    process = psutil.Process(server.process.pid)
    for one in [process, *process.children(recursive=True)]:
        try:
            memory += one.memory_info().rss
            handles += one.num_fds()
        except psutil.NoSuchProcess:
            continue
    return Used(time.monotonic(), memory, handles)


def growth(used: list[Used], most: float) -> Iterator[str]:
    """Memory, if it grew from the second third of the time to the last by more than the share `most`."""
    third = len(used) // 3
    before, after = (
        statistics.median(one.memory for one in part) for part in (used[third : 2 * third], used[2 * third :])
    )
    if after > (1 + most) * before:
        yield f"memory grew from {before / 1e6:,.0f} to {after / 1e6:,.0f} MB"


def soak(seconds: float, most_growth: float = MOST_GROWTH) -> tuple[str, list[str]]:
    """What was seen, in words, and the faults."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = Store.in_folder(home)
        key, limited = Keys(store).create("soak")[1], Keys(store).create("limited", f"{LIMIT}/hour")[1]
        store.close()
        environment = {"SOAK_KEY": key, "SFM2_LIMITS_RATE": "1000000/minute"}
        with serve_process(home, "--workers", str(WORKERS), environment=environment) as server:
            counted = Counted()
            warm = asyncio.run(soaked(server, limited, _WARM_UP * seconds, counted))[-1]
            used = asyncio.run(soaked(server, limited, seconds, counted))
            headers = {"Authorization": f"Bearer {key}"}
            stats = httpx.get(f"{server.url}/stats", headers=headers, trust_env=False).json()
        log = server.log.read_text(encoding="utf-8")
    faults = [*counted.faults, *growth(used, most_growth), *_differences(counted, stats)]
    if used[-1].handles > warm.handles + MOST_HANDLES:
        faults.append(f"handles of the idle server grew from {warm.handles} to {used[-1].handles}")
    if counted.limited[200] != min(LIMIT, counted.limited.total()) or set(counted.limited) - {200, 429}:
        faults.append(f"a limit of {LIMIT} an hour: {dict(counted.limited)}")
    if "Traceback" in log:
        faults.append(f"a traceback in the log:\n{log[log.index('Traceback') :][:2000]}")
    sizes = [f"{one.memory / 1e9:.2f} GB, {one.handles} handles" for one in used[:: max(1, len(used) // 4)]]
    seen = f"requests {dict(counted.model.most_common())}; others {dict(counted.other)}; the limit {dict(counted.limited)}; "
    return f"{seen}{counted.tokens} tokens read; used {'; '.join(sizes)}", faults


@click.command()
@click.option("--minutes", default=10.0, show_default=True)
def main(minutes: float) -> None:
    """Prints what was seen, and what should not have been."""
    seen, faults = soak(60 * minutes)
    click.echo(seen)
    for fault in faults:
        click.echo(f"FAULT {fault}", err=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
