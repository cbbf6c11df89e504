"""What one app holds: made by `create_app`, started and closed with the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.core.threads import started
from sfm2.errors import MissingExtraError
from sfm2.server.answering.answering import Answering
from sfm2.server.answering.replays import Replays
from sfm2.server.answering.typing_along import TypingAlong
from sfm2.server.http.routing import RouteTable
from sfm2.server.model_names import ModelNames
from sfm2.server.process.draining import draining_on_signals, stop_with_parent
from sfm2.server.process.in_flight import InFlight
from sfm2.server.process.proxies import TrustedProxies
from sfm2.server.usage.authentication import Authentication
from sfm2.server.usage.completion_log import CompletionLog
from sfm2.server.usage.last_use import LastUse
from sfm2.server.usage.loop_lag import LoopLag
from sfm2.server.usage.opening import store_of
from sfm2.server.usage.rates import RateLimiter
from sfm2.server.usage.sqlite.file import BUSY_TIMEOUT_IN_SERVER
from sfm2.server.usage.stats import UsageStats
from sfm2.server.usage.store import AsyncStore

if TYPE_CHECKING:
    from sfm2.server.process.traces import Traces

_THREADS = 6  # for files; as many as asyncio would start with two processors
_TRACES = "sfm2.server.process.traces"


class AppState:
    """Making it reads and starts nothing.

    Raises `ConfigError` for settings that can't be served with, and `MissingExtraError`.
    """

    def __init__(self, settings: Settings, manager: AsyncModelManager, routes: RouteTable) -> None:
        self.settings = settings
        self.manager = manager
        self.routes = routes
        # One store, opened twice: keys are checked while a write waits for another process.
        self.reading, self.writing = (AsyncStore(store_of(settings.storage, BUSY_TIMEOUT_IN_SERVER)) for _ in range(2))
        self.authentication = Authentication(settings, self.reading)
        self.last_use = LastUse(self.writing)
        self.rates = RateLimiter.from_settings(settings, self.writing)
        self.usage = UsageStats(self.reading, self.writing)
        self.completions = CompletionLog(self.reading, self.writing)
        self.model_names = ModelNames(settings)
        self.in_flight = InFlight()
        self.replays = Replays(settings.cache.max_bytes, settings.cache.idempotency_ttl)
        self.along = TypingAlong(settings, manager.variant, manager.loads, lambda: self.in_flight.draining)
        self.answering = Answering(settings, self.in_flight, manager.variant, self.along)
        self.loop_lag = LoopLag()
        self.proxies = TrustedProxies(settings.api)
        self.traces: Traces | None = None
        _check_extra(settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Models load and requests are served within this context; what started last is closed first."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.reading.aclose)
            stack.push_async_callback(self.writing.aclose)
            await _start_threads()
            await self.writing.open()
            await self.reading.open()
            await self.authentication.look()
            await stack.enter_async_context(self.loop_lag.measuring())
            if self.traces is None and self.settings.telemetry.traces is not None:
                self.traces = import_module(_TRACES).to(self.settings.telemetry.traces)
            if self.traces is not None:
                stack.push_async_callback(self.traces.aclose)
            await stack.enter_async_context(self.last_use.writing())
            await stack.enter_async_context(self.usage.writing())
            await stack.enter_async_context(self.completions.writing())
            stack.push_async_callback(self.manager.aclose)
            await self.manager.start()
            stack.push_async_callback(self.along.aclose)
            stop_with_parent()
            stack.enter_context(draining_on_signals(self.in_flight, self.settings.api.shutdown_timeout))
            yield


async def _start_threads() -> None:
    """Those of `asyncio.to_thread`, which reads what may change on the disk."""
    pool = ThreadPoolExecutor(_THREADS, "sfm2")
    asyncio.get_running_loop().set_default_executor(pool)
    await started(pool, _THREADS)


def _check_extra(settings: Settings) -> None:
    """Raises `MissingExtraError` if traces can't be sent. They are loaded only where they are wanted."""
    if settings.telemetry.traces is not None:
        try:
            import_module(_TRACES)
        except ImportError as error:
            raise MissingExtraError("sending traces", "otel") from error


async def _of(request: Request) -> AppState:  # FastAPI would ask a plain function in another thread
    state: AppState = request.app.state.sfm2
    return state


AppStateDep = Annotated[AppState, Depends(_of)]
"""For a route's parameter: the state of its app"""
