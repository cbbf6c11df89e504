"""What one app holds. Built by `create_app`, closed with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.server.authentication import Authentication
from sfm2.server.completions import Completions
from sfm2.server.counters import Counters
from sfm2.server.draining import draining_on_signals, stop_with_parent
from sfm2.server.in_flight import InFlight
from sfm2.server.openai.names import Names
from sfm2.server.rates import Rates
from sfm2.server.store import AsyncStore, Store


class State:
    """Building it reads and starts nothing. Raises `ConfigError` for settings that can't be served with."""

    def __init__(self, settings: Settings, manager: AsyncModelManager) -> None:
        self.settings = settings
        self.manager = manager
        self.store = AsyncStore(Store.in_folder(settings.storage.data_dir))
        self.authentication = Authentication(settings, self.store)
        self.rates = Rates.configured(settings, self.store)
        self.counters = Counters(self.store)
        self.completions = Completions(self.store)
        self.names = Names(settings)
        self.in_flight = InFlight()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Models load within this; the last in is the first out."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.aclose)
            await stack.enter_async_context(self.counters.flushing())
            await stack.enter_async_context(self.completions.writing())
            stack.push_async_callback(self.manager.aclose)
            await self.manager.start()
            stop_with_parent()
            stack.enter_context(draining_on_signals(self.in_flight, self.settings.api.shutdown_timeout))
            yield


def _of(request: Request) -> State:
    state = request.app.state.sfm2
    assert isinstance(state, State)
    return state


Held = Annotated[State, Depends(_of)]
