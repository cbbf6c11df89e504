"""Work in flight: what ends it, and with which error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sfm2.asgi import ClientGoneError
from sfm2.errors import ModelUnavailableError
from sfm2.server.process.in_flight import InFlight


async def connected() -> dict[str, Any]:
    """A client that stays."""
    await asyncio.Event().wait()
    raise AssertionError


async def gone() -> dict[str, Any]:
    """A client that has left."""
    return {"type": "http.disconnect"}


def started(in_flight: InFlight, receive: Callable[[], Awaitable[dict[str, Any]]] = connected) -> asyncio.Task[None]:
    async def endless() -> None:
        await asyncio.Event().wait()

    return asyncio.create_task(in_flight.run(receive, endless))


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_aborted_work_ends_with_an_error_however_far_it_is(steps: int) -> None:
    async def run() -> None:
        in_flight = InFlight()
        request = started(in_flight)
        await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        in_flight.abort()
        with pytest.raises(ModelUnavailableError, match="shutting down"):
            await request
        await in_flight.finish(0)

    asyncio.run(run())


def test_draining_refuses_new_work_and_waits_for_the_rest() -> None:
    async def run() -> None:
        in_flight, release = InFlight(), asyncio.Event()

        async def work() -> str:
            await release.wait()
            return "done"

        request = asyncio.create_task(in_flight.run(connected, work))
        await asyncio.sleep(0)
        in_flight.drain()
        with pytest.raises(ModelUnavailableError):
            await started(in_flight)
        finished = asyncio.create_task(in_flight.finish(20))
        release.set()
        assert await request == "done"
        await finished

    asyncio.run(run())


def test_a_client_that_leaves_ends_its_work_only() -> None:
    async def run() -> None:
        in_flight = InFlight()
        other = started(in_flight)
        with pytest.raises(ClientGoneError):
            await started(in_flight, gone)
        assert not other.done()
        other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await other

    asyncio.run(run())
