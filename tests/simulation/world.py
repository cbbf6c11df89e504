"""One simulated afternoon: a chain, an engine's queue and a store, strangers' requests, and trouble. All of it follows from
the seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Any

from sfm2.backends.base import Backend
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import SFM2Error
from sfm2.server.http.context import CLIENT_LEFT
from sfm2.server.usage.outage import unavailable
from sfm2.server.usage.stats import FinishedRequest, UsageStats, changes
from sfm2.server.usage.store import AsyncStore, Store
from sfm2.types import BatchRequest, Chunk, CompleteRequest, Completion, GenerateRequest
from tests.simulation.engine import SimulatedEngine, Steady, Wayward, Work

TIMEOUT = 10.0
AFTERNOON = 60.0
PROMPTS = 18  # of a batch
_KINDS = ("generate", "generate", "complete", "complete", "stream", "stream", "batch", "several")


@dataclass
class Asked:
    """A request, and what became of it."""

    name: str
    kind: str
    at: float
    length: int
    guard: bool
    fallback: bool
    leaves_after: float | None
    outcomes: list[str] = field(default_factory=list)
    """`answered`, `left`, or an error's code; one"""
    answers: list[Completion] = field(default_factory=list)
    shown: str = ""
    """Of a stream, all chunks"""
    seconds: float = 0.0


@dataclass
class Afternoon:
    """What has happened."""

    asked: list[Asked]
    chain: tuple[str, ...]
    calm: bool
    """Whether nothing happened to the engine"""
    engine_is_idle: bool
    lost: list[Work]
    afterwards: Completion
    """The answer to a request that came when all was well again"""
    counters: dict[str, float]
    """What the store holds"""
    counted: Counter[str]
    """What it should hold"""


class TroubledStore(Store):
    """A store that sometimes can't be used."""

    troubled = False

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if self.troubled:
            raise unavailable("simulated")
        return super().read(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if self.troubled:
            raise unavailable("simulated")
        with super().transaction() as connection:
            yield connection


async def lived_through(seed: int, file: Path) -> Afternoon:
    """The afternoon of a seed. `file`: a store, whose counters begin at nothing."""
    random = Random(seed)
    engine = SimulatedEngine(random, TIMEOUT)
    wayward = Wayward(random)
    backends: list[Backend] = [engine, wayward, *([Steady(random)] if random.random() < 0.5 else [])]
    settings = Settings.model_validate({"generation": {"timeout": TIMEOUT}})
    asked = sorted((_request(random, number) for number in range(random.randint(1, 40))), key=lambda one: one.at)
    stores = [TroubledStore(file), TroubledStore(file)]
    with stores[1].transaction() as connection:
        connection.execute("DELETE FROM counters")
    async with _counting(stores) as usage, AsyncModelManager(settings, backends) as manager:
        running = asyncio.create_task(engine.run())
        trouble = [asyncio.create_task(_trouble(random, engine, stores)) for _ in range(random.randint(0, 4))]
        await asyncio.gather(*(_ask(manager, usage, one) for one in asked))
        await asyncio.gather(*trouble)
        engine.mend()
        wayward.well = True
        for store in stores:
            store.troubled = False
        await asyncio.sleep(settings.fallback.recovery)
        afterwards = await manager.submit(GenerateRequest(prompt="afterwards", max_length=3, guard=False))
        await asyncio.sleep(3 * engine._step)
        idle = engine.idle
        running.cancel()
    counters = dict(Store(file).read("SELECT name, value FROM counters"))
    counted: Counter[str] = Counter()
    for one in asked:
        counted.update(changes(_finished(one)))
    return Afternoon(
        asked, tuple(one.name for one in backends), not trouble, idle, engine.lost, afterwards, counters, counted
    )


@asynccontextmanager
async def _counting(stores: list[TroubledStore]) -> AsyncIterator[UsageStats]:
    reading, writing = (AsyncStore(store) for store in stores)
    usage = UsageStats(reading, writing)
    async with usage.writing():
        yield usage
    await reading.aclose()
    await writing.aclose()


def _request(random: Random, number: int) -> Asked:
    leaves = random.random() < 0.2
    return Asked(
        name=f"r{number}",
        kind=random.choice(_KINDS),
        at=random.random() * AFTERNOON,
        length=random.choice([1, 5, 20, 40]),
        guard=random.random() < 0.3,
        fallback=random.random() < 0.8,
        leaves_after=random.expovariate(0.5) if leaves else None,
    )


async def _trouble(random: Random, engine: SimulatedEngine, stores: list[TroubledStore]) -> None:
    await asyncio.sleep(random.random() * AFTERNOON)
    seconds = random.expovariate(0.1)
    kind = random.choice(["dies", "freezes", "store"])
    if kind == "dies":
        engine.die(seconds)
    elif kind == "freezes":
        engine.freeze(seconds)
    else:
        store = random.choice(stores)
        store.troubled = True
        await asyncio.sleep(seconds)
        store.troubled = False


async def _ask(manager: AsyncModelManager, usage: UsageStats, one: Asked) -> None:
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(one.at)
    began = clock()
    try:
        async with asyncio.timeout(one.leaves_after):
            await _ANSWERED[one.kind](manager, one)
        one.outcomes.append("answered")
    except TimeoutError:
        one.outcomes.append("left")
    except SFM2Error as error:
        one.outcomes.append(error.code)
    one.seconds = clock() - began
    usage.count(_finished(one))


def _finished(one: Asked) -> FinishedRequest:
    errors = {"answered": None, "left": CLIENT_LEFT}
    return FinishedRequest(one.seconds, errors.get(one.outcomes[0], one.outcomes[0]), one.answers)


async def _generate(manager: AsyncModelManager, one: Asked) -> None:
    one.answers = [await manager.submit(GenerateRequest(prompt=one.name, **_options(one)))]


async def _several(manager: AsyncModelManager, one: Asked) -> None:
    one.answers = [await manager.submit(GenerateRequest(prompt=one.name, n=3, **_options(one)))]


async def _complete(manager: AsyncModelManager, one: Asked) -> None:
    one.answers = [await manager.submit(CompleteRequest(prefix=one.name, **_options(one)))]


async def _stream(manager: AsyncModelManager, one: Asked) -> None:
    async with aclosing(manager.stream(CompleteRequest(prefix=one.name, **_options(one)))) as items:
        async for item in items:
            if isinstance(item, Chunk):
                one.shown += item.text
            else:
                one.answers.append(item)


async def _batch(manager: AsyncModelManager, one: Asked) -> None:
    prompts = [f"{one.name}x{number}" for number in range(PROMPTS)]
    batch = await manager.submit(BatchRequest(prompts=prompts, **_options(one)))
    one.answers = [answer for answer in batch.results if isinstance(answer, Completion)]
    for answer, prompt in zip(batch.results, prompts, strict=True):
        assert not isinstance(answer, Completion) or answer.generated_code.startswith(f"{prompt} ")


def _options(one: Asked) -> dict[str, Any]:
    return {"max_length": one.length, "guard": one.guard, "use_fallback": one.fallback}


_ANSWERED = {
    "generate": _generate,
    "several": _several,
    "complete": _complete,
    "stream": _stream,
    "batch": _batch,
}
