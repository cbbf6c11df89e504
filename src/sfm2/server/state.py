"""What one app holds: made by `create_app`, started and closed with the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.server.http.routing import RouteTable
from sfm2.server.model_names import ModelNames
from sfm2.server.process.draining import draining_on_signals, stop_with_parent
from sfm2.server.process.in_flight import InFlight
from sfm2.server.usage.authentication import Authentication
from sfm2.server.usage.completion_log import CompletionLog
from sfm2.server.usage.rates import RateLimiter
from sfm2.server.usage.stats import UsageStats
from sfm2.server.usage.store import AsyncStore, Store


class AppState:
    """Making it reads and starts nothing. Raises `ConfigError` for settings that can't be served with."""

    def __init__(self, settings: Settings, manager: AsyncModelManager, routes: RouteTable) -> None:
        self.settings = settings
        self.manager = manager
        self.routes = routes
        self.store = AsyncStore(Store.in_folder(settings.storage.data_dir))
        self.authentication = Authentication(settings, self.store)
        self.rates = RateLimiter.from_settings(settings, self.store)
        self.usage = UsageStats(self.store)
        self.completions = CompletionLog(self.store)
        self.model_names = ModelNames(settings)
        self.in_flight = InFlight()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Models load and requests are served within this context; what started last is closed first."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.aclose)
            await stack.enter_async_context(self.usage.writing())
            await stack.enter_async_context(self.completions.writing())
            stack.push_async_callback(self.manager.aclose)
            await self.manager.start()
            stop_with_parent()
            stack.enter_context(draining_on_signals(self.in_flight, self.settings.api.shutdown_timeout))
            yield


def _of(request: Request) -> AppState:
    state: AppState = request.app.state.sfm2
    return state


AppStateDep = Annotated[AppState, Depends(_of)]
"""For a route's parameter: the state of its app"""
