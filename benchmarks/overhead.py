"""What the service adds: `POST /generate` against the bare engine, on the same weights, in one run.

Three ways to the same tokens, taken in turns so that a drifting machine is the same for all:
  bare      the engine's own process, `POST /completion`, streamed
  service   `POST /generate` and `POST /generate/stream` of a server in front of that very engine
Run it with `make bench`; figures go into LOG.md. It wants the default weights and a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from sfm2.config import load
from sfm2.engine.hosts import environment_for
from sfm2.engine.state import Address, Phase
from sfm2.engine.supervisor import Supervisor

# Counting goes on for as long as one asks, at temperature 0 the same way each time; no rule of ours ends it.
PROMPT = "# numbers\n" + ",".join(f" {i}" for i in range(1, 60)) + ","
NEW_TOKENS = 128
console = Console()


@dataclass(frozen=True)
class Sample:
    """Seconds to the first token (None where nothing is streamed) and to the last, and tokens in all."""

    first: float | None
    total: float
    tokens: int
    requests: int = 1

    @property
    def rate(self) -> float:
        return self.tokens / self.total


Way = Callable[[], Awaitable[Sample]]


@asynccontextmanager
async def engine_and_service() -> AsyncIterator[tuple[Address, str]]:
    """The engine's address, and the URL of a service that shares it."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "engine.json"
        supervisor = Supervisor(load().settings, state_file=state)
        await supervisor.start()
        await supervisor.settled()
        if (found := await supervisor.state()).phase is not Phase.READY:
            sys.exit(f"the engine is not ready: {found.reason}")
        environment = {**os.environ, **environment_for(supervisor, state), "SFM2_STORAGE_DATA_DIR": folder}
        command = [sys.executable, "-m", "sfm2", "serve", "--port", "0", "--log-level", "WARNING"]
        server = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        try:
            yield supervisor.address, await address_of(server)
        finally:
            server.terminate()
            await server.wait()
            await supervisor.aclose()


async def address_of(server: asyncio.subprocess.Process) -> str:
    assert server.stdout is not None
    async for line in server.stdout:
        if b"http://" in line:
            return line.decode().split()[-1]
    sys.exit("the service did not start")


def engine_body(stream: bool) -> dict[str, object]:
    return {
        "prompt": PROMPT,
        "n_predict": NEW_TOKENS,
        "temperature": 0,
        "stream": stream,
        "n_probs": 1,
        "by_line": not stream,
    }


SERVICE_BODY = {"prompt": PROMPT, "max_length": NEW_TOKENS, "temperature": 0, "language": "text"}


async def whole(client: httpx.AsyncClient, path: str, body: dict[str, object]) -> Sample:
    started = time.perf_counter()
    answer = (await client.post(path, json=body)).raise_for_status().json()
    total = time.perf_counter() - started
    tokens = answer["tokens_predicted"] if "content" in answer else answer["tokens"]["completion"]
    assert tokens == NEW_TOKENS, "all the tokens that were asked for were made"
    return Sample(None, total, tokens)


async def streamed(client: httpx.AsyncClient, path: str, body: dict[str, object]) -> Sample:
    started, first = time.perf_counter(), None
    text = b""
    async with client.stream("POST", path, json=body) as response:
        async for data in response.aiter_bytes():
            first = first or time.perf_counter() - started
            text += data
    total = time.perf_counter() - started
    assert b'"length"' in text or b'"limit"' in text, "all the tokens that were asked for were made"
    return Sample(first, total, NEW_TOKENS)


async def at_once(way: Way, streams: int) -> Sample:
    started = time.perf_counter()
    samples = await asyncio.gather(*(way() for _ in range(streams)))
    return Sample(None, time.perf_counter() - started, sum(sample.tokens for sample in samples), streams)


async def measure(rounds: int) -> dict[str, list[Sample]]:
    async with engine_and_service() as (address, url):
        headers = {"Authorization": f"Bearer {address.key}"}
        async with (
            httpx.AsyncClient(base_url=address.url, headers=headers, timeout=120, trust_env=False) as bare,
            httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as service,
        ):
            ways: dict[str, Way] = {
                "bare, streamed": lambda: streamed(bare, "/completion", engine_body(True)),
                "service, streamed": lambda: streamed(service, "/generate/stream", SERVICE_BODY),
                "bare, whole": lambda: whole(bare, "/completion", engine_body(False)),
                "service, whole": lambda: whole(service, "/generate", SERVICE_BODY),
                "bare, 8 at once": lambda: at_once(lambda: whole(bare, "/completion", engine_body(False)), 8),
                "service, 8 at once": lambda: at_once(lambda: whole(service, "/generate", SERVICE_BODY), 8),
            }
            samples: dict[str, list[Sample]] = {name: [] for name in ways}
            for round_ in range(rounds + 1):
                for name, way in ways.items() if round_ % 2 else reversed(ways.items()):
                    sample = await way()
                    if round_:  # the first warms up
                        samples[name].append(sample)
            return samples


def median(values: list[float]) -> float:
    return statistics.median(values)


def show(samples: dict[str, list[Sample]]) -> bool:
    """The table; whether the goals are met."""
    table = Table("way", "first token, ms", "tokens/s", "of bare", "added, ms")
    rates = {name: median([s.rate for s in taken]) for name, taken in samples.items()}
    met = True
    for name, taken in samples.items():
        bare = name.replace("service", "bare")
        firsts = [s.first for s in taken if s.first is not None]
        row = [name, f"{median(firsts) * 1000:.1f}" if firsts else "-", f"{rates[name]:.1f}"]
        if name != bare:
            pairs = zip(taken, samples[bare], strict=True)
            share = median([mine.rate / theirs.rate for mine, theirs in pairs])
            added = _added(taken, samples[bare])
            met &= share >= 0.97 and (added is None or added <= 5)
            row += [f"{share:.3f}", "-" if added is None else f"{added:.1f}"]
        table.add_row(*row)
    console.print(table)
    console.print(f"goals (at least 0.97 of the rate, at most 5 ms to the first token): {'met' if met else 'MISSED'}")
    return met


def _added(mine: list[Sample], theirs: list[Sample]) -> float | None:
    """Milliseconds to the first token, median of the paired differences."""
    pairs = [(a.first, b.first) for a, b in zip(mine, theirs, strict=True)]
    differences = [a - b for a, b in pairs if a is not None and b is not None]
    return median(differences) * 1000 if differences else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    show(asyncio.run(measure(parser.parse_args().rounds)))
