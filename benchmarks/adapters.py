"""The cost of adapters in the engine: `python benchmarks/adapters.py NAME NAME`, two adapters of the default weights.

Measured in one run: tokens per second without and with an adapter; the cost of switching adapters between requests; three
concurrent streams with the same and with different adapters; memory; and how long an adapter takes to load at its first
request.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

import httpx
import psutil

from sfm2.config import load
from sfm2.engines.base import AdapterFile
from sfm2.engines.openvino.program import OpenVINO
from sfm2.engines.supervision.supervisor import Supervisor
from sfm2.models.adapters import Adapter, AdapterStore

PROMPT = "# numbers\n" + ",".join(f" {i}" for i in range(1, 40)) + ","
ROUNDS = 15
LONG, SHORT = 96, 1  # tokens


async def main(names: Sequence[str]) -> None:
    settings = load({"models.sfm2.max_adapters": 3}).settings
    one, two = (AdapterStore(settings.storage.data_dir).find(name) for name in names)
    supervisor = Supervisor(OpenVINO(settings))
    await supervisor.start()
    await supervisor.settled()
    assert supervisor.pid is not None
    process = psutil.Process(supervisor.pid)
    headers = {"Authorization": f"Bearer {supervisor.address.key}"}
    try:
        async with httpx.AsyncClient(base_url=supervisor.address.url, headers=headers, timeout=120) as http:
            for adapter in (None, one, two):
                seconds = await asked(http, adapter, SHORT)
                label = adapter.name if adapter else "none"
                print(f"first request, {label}: {seconds:.2f} s; {process.memory_info().rss / 1e6:,.0f} MB resident")
            await rates(http, one)
            await switching(http, one, two)
            await together(http, one, two)
    finally:
        await supervisor.aclose()


async def rates(http: httpx.AsyncClient, one: Adapter) -> None:
    pairs = []
    for _ in range(ROUNDS):
        pairs.append((await asked(http, None, LONG), await asked(http, one, LONG)))
    bare, adapted = (LONG / statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    ratio = statistics.median(first / second for first, second in pairs)
    print(f"tokens/s: {bare:.1f} without, {adapted:.1f} with an adapter, ratio {ratio:.3f}")


async def switching(http: httpx.AsyncClient, one: Adapter, two: Adapter) -> None:
    """One token per request, for a prompt that is in the cache of every adapter."""
    same, other = [], []
    for _ in range(ROUNDS * 4):
        await asked(http, one, SHORT)
        same.append(await asked(http, one, SHORT))
        await asked(http, two, SHORT)
        other.append(await asked(http, one, SHORT))
    first, second = statistics.median(same), statistics.median(other)
    print(f"one token: {first * 1e3:.2f} ms after the same adapter, {second * 1e3:.2f} ms after another")


async def together(http: httpx.AsyncClient, one: Adapter, two: Adapter) -> None:
    alike, mixed = [], []
    for _ in range(ROUNDS // 3):
        alike.append(await at_once(http, [None, None, None]))
        mixed.append(await at_once(http, [None, one, two]))
    print(
        f"three at once, the slowest: {statistics.median(alike):.2f} s with none, {statistics.median(mixed):.2f} s mixed"
    )


async def at_once(http: httpx.AsyncClient, adapters: Sequence[Adapter | None]) -> float:
    return max(await asyncio.gather(*(asked(http, adapter, LONG) for adapter in adapters)))


async def asked(http: httpx.AsyncClient, adapter: Adapter | None, tokens: int) -> float:
    """The seconds that a request for `tokens` tokens takes."""
    body = {
        "prompt": PROMPT,
        "n_predict": tokens,
        "temperature": 0,
        "adapter": AdapterFile.of(adapter).model_dump(mode="json") if adapter else None,
    }
    started = time.perf_counter()
    (await http.post("/completion", json=body)).raise_for_status()
    return time.perf_counter() - started


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:3]))
