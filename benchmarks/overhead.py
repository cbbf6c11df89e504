"""The overhead of the service: `POST /generate` compared with the bare engine, on the same weights, in one run.

Requests for the same tokens are sent in pairs, one right after the other, so that a change in the machine's speed affects
both:
  bare      the engine's own process, `POST /completion`
  service   `POST /generate` and `POST /generate/stream` of a server that uses the same engine
Run it with `make bench`; the figures go into LOG.md. It needs the default weights and an otherwise idle machine.
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
from itertools import count
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from sfm2.config import load
from sfm2.engines.base import Phase
from sfm2.engines.client import EngineAddress
from sfm2.engines.llama_cpp.wire import CompletionEvent
from sfm2.engines.registry import program_for, shared_environment
from sfm2.engines.supervision.supervisor import Supervisor
from sfm2.sse import Decoder

# The model continues to count for any number of tokens, the same way each time at temperature 0; no guard rule ends it.
PROMPT = "# numbers\n" + ",".join(f" {i}" for i in range(1, 60)) + ","
NEW_TOKENS = 128
FIRST = "first token"
FIRSTS_A_ROUND = 8  # first tokens are quick to measure, and noisy
MOST_ADDED, LEAST_SHARE = 5, 0.97  # milliseconds; of the bare engine's rate
_SEEDS = count(1_000)
console = Console()


@dataclass(frozen=True)
class Sample:
    """One response, or several at once."""

    first: float
    """Seconds to the first byte of text; the same as `total` when not streamed."""
    total: float
    """Seconds to the last byte."""
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.total


Body = dict[str, object]
Way = Callable[[], Awaitable[Sample]]
Pair = tuple[Sample, Sample]


@asynccontextmanager
async def engine_and_service() -> AsyncIterator[tuple[EngineAddress, str]]:
    """The engine's address, and the URL of a service that shares it."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "engine.json"
        supervisor = Supervisor(program_for(load().settings), state_file=state)
        await supervisor.start()
        await supervisor.settled()
        if supervisor.health.phase is not Phase.READY:
            sys.exit(f"the engine is not ready: {supervisor.health.reason}")
        environment = {**os.environ, **shared_environment(supervisor, state), "SFM2_STORAGE_DATA_DIR": folder}
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


def engine_body(by_line: bool, tokens: int) -> Body:
    return {"prompt": PROMPT, "n_predict": tokens, "temperature": 0, "n_probs": 1, "by_line": by_line}


def service_body(tokens: int) -> Body:
    """Each has a seed of its own, which changes nothing at temperature 0: the same at once are computed once."""
    return {"prompt": PROMPT, "max_length": tokens, "temperature": 0, "language": "text", "seed": next(_SEEDS)}


async def from_engine(client: httpx.AsyncClient, body: Body) -> Sample:
    """The engine's stream, line by line, collected: as the service asks for whole completions."""
    started = time.perf_counter()
    answer = (await client.post("/completion", json=body)).raise_for_status()
    events = [CompletionEvent.model_validate_json(event.data) for event in Decoder().feed(answer.content)]
    total = time.perf_counter() - started
    return Sample(total, total, checked(events[-1].tokens_predicted or 0, body))


async def from_service(client: httpx.AsyncClient, path: str, body: Body) -> Sample:
    started = time.perf_counter()
    answer = (await client.post(path, json=body)).raise_for_status().json()
    total = time.perf_counter() - started
    return Sample(total, total, checked(answer["tokens"]["completion"], body))


def checked(tokens: int, body: Body) -> int:
    assert tokens in (body.get("n_predict"), body.get("max_length")), "all the tokens that were asked for were made"
    return tokens


async def streamed(client: httpx.AsyncClient, path: str, body: Body, tokens: int) -> Sample:
    started, first, text = time.perf_counter(), 0.0, b""
    async with client.stream("POST", path, json=body) as response:
        async for data in response.aiter_bytes():
            first = first or time.perf_counter() - started
            text += data
    total = time.perf_counter() - started
    assert b'"length"' in text or b'"limit"' in text, "all the tokens that were asked for were made"
    return Sample(first, total, tokens)


async def at_once(way: Way, streams: int) -> Sample:
    started = time.perf_counter()
    samples = await asyncio.gather(*(way() for _ in range(streams)))
    total = time.perf_counter() - started
    return Sample(total, total, sum(sample.tokens for sample in samples))


def ways(bare: httpx.AsyncClient, service: httpx.AsyncClient) -> dict[str, tuple[Way, Way]]:
    """For each kind of request, how to send it to the bare engine and to the service."""

    def pair(path: str, stream: bool, tokens: int) -> tuple[Way, Way]:
        if stream:
            return (
                lambda: streamed(bare, "/completion", engine_body(False, tokens), tokens),
                lambda: streamed(service, path, service_body(tokens), tokens),
            )
        return (
            lambda: from_engine(bare, engine_body(True, tokens)),
            lambda: from_service(service, path, service_body(tokens)),
        )

    one_bare, one_service = pair("/generate", False, NEW_TOKENS)
    return {
        FIRST: pair("/generate/stream", True, 2),
        "streamed": pair("/generate/stream", True, NEW_TOKENS),
        "whole": (one_bare, one_service),
        "8 at once": (lambda: at_once(one_bare, 8), lambda: at_once(one_service, 8)),
    }


async def measure(rounds: int) -> dict[str, list[Pair]]:
    """For each kind of request, pairs of samples taken one right after the other, in alternating order."""
    async with engine_and_service() as (address, url):
        headers = {"Authorization": f"Bearer {address.key}"}
        async with (
            httpx.AsyncClient(base_url=address.url, headers=headers, timeout=120, trust_env=False) as bare,
            httpx.AsyncClient(base_url=url, timeout=120, trust_env=False) as service,
        ):
            taken: dict[str, list[Pair]] = {}
            for kind, (to_bare, to_service) in ways(bare, service).items():
                await to_bare()
                await to_service()
                count = rounds * FIRSTS_A_ROUND if kind == FIRST else rounds
                taken[kind] = [await one_pair(to_bare, to_service, bool(i % 2)) for i in range(count)]
            return taken


async def one_pair(to_bare: Way, to_service: Way, service_first: bool) -> Pair:
    if service_first:
        mine = await to_service()
        return await to_bare(), mine
    return await to_bare(), await to_service()


def show(taken: dict[str, list[Pair]]) -> None:
    """Print the table, and whether the goals are met."""
    added = statistics.median((mine.first - theirs.first) * 1000 for theirs, mine in taken[FIRST])
    table = Table("", "bare", "service", "service against bare")
    firsts = [statistics.median(pair[i].first for pair in taken[FIRST]) * 1000 for i in (0, 1)]
    table.add_row("ms to the first token", *(f"{value:.1f}" for value in firsts), f"{added:+.1f} ms")
    shares = []
    for kind in (kind for kind in taken if kind != FIRST):
        rates = [statistics.median(pair[i].rate for pair in taken[kind]) for i in (0, 1)]
        shares.append(statistics.median(mine.rate / theirs.rate for theirs, mine in taken[kind]))
        table.add_row(f"tokens/s, {kind}", *(f"{rate:.1f}" for rate in rates), f"{shares[-1]:.3f}")
    console.print(table)
    console.print("Medians; the last column is the median over pairs.")
    verdict = "met" if added <= MOST_ADDED and min(shares) >= LEAST_SHARE else "MISSED"
    console.print(
        f"Goals, at most {MOST_ADDED} ms to the first token and at least {LEAST_SHARE} of the rate: {verdict}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    show(asyncio.run(measure(parser.parse_args().rounds)))
