"""Who waits for an engine that stands still is told, and may ask another one."""

from __future__ import annotations

import asyncio

import pytest

from sfm2.engines.base import EngineHealth, Phase
from sfm2.engines.supervision import standstill
from sfm2.engines.supervision.standstill import while_it_moves
from sfm2.errors import BackendLoadingError


class Engine:
    phase = Phase.READY

    async def health(self) -> EngineHealth:
        return EngineHealth(self.phase, "it stands still")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "_LOOK_EVERY", 0.01)


def test_one_that_is_slow_is_waited_for() -> None:
    async def scenario() -> str:
        async with while_it_moves(Engine().health) as wait:
            return await wait.until(asyncio.sleep(0.1, "late"))

    assert asyncio.run(scenario()) == "late"


def test_one_that_stands_still_is_left_with_the_reason() -> None:
    async def scenario() -> None:
        engine = Engine()
        async with while_it_moves(engine.health) as wait:
            assert await wait.until(asyncio.sleep(0, "one")) == "one"
            engine.phase = Phase.STALLED
            await asyncio.sleep(0.05)  # nobody waits for the engine now: nothing is ended
            with pytest.raises(BackendLoadingError, match="it stands still"):
                await wait.until(asyncio.Event().wait())

    asyncio.run(scenario())


def test_who_leaves_is_no_failure() -> None:
    async def scenario() -> None:
        async with while_it_moves(Engine().health) as wait:
            waiting = asyncio.create_task(wait.until(asyncio.Event().wait()))
            await asyncio.sleep(0.03)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(scenario())
