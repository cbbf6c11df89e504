"""A server at a URL, as an engine. Someone else keeps it running."""

from __future__ import annotations

import httpx

from sfm2.engines.at_url.contact import FirstContact
from sfm2.engines.base import EngineFacts, EngineHealth, EngineLoad, Phase
from sfm2.engines.client import ClientEngine, EngineAddress
from sfm2.engines.llama_cpp.client import RouteMissingError
from sfm2.errors import BackendError, BackendLoadingError


def shown_url(url: str) -> str:
    """Without a password."""
    return str(httpx.URL(url.rstrip("/")).copy_with(username=None, password=None))


def address_of(url: str) -> EngineAddress:
    """`http://:KEY@host` has an API key; with a user's name before the colon it is HTTP's own authentication."""
    parsed = httpx.URL(url.rstrip("/"))
    if parsed.password and not parsed.username:
        return EngineAddress(shown_url(url), parsed.password)
    return EngineAddress(str(parsed))


class EngineAtURL(ClientEngine):
    """`timeout` is in seconds, for each wait on the connection."""

    def __init__(self, url: str, timeout: float) -> None:
        self.name = shown_url(url)
        """The URL as everybody may see it"""
        super().__init__(FirstContact(address_of(url), timeout))

    async def facts_anew(self) -> EngineFacts:
        self._facts = await self.client.facts()
        return self._facts

    async def health(self) -> EngineHealth:
        try:
            await self.client.check()
            model = (await self.facts_anew()).model or None  # there may be another server by now
        except BackendLoadingError as error:
            return EngineHealth(Phase.LOADING, error.message)
        except RouteMissingError as error:
            reason = f"{self.name} answers, but is neither vLLM nor a server of llama.cpp's protocol: {error.message}"
            return EngineHealth(Phase.FAILED, reason)
        except BackendError as error:
            reason = f"no engine answers at {self.name}: {error.message}; is it running?"
            return EngineHealth(Phase.FAILED, reason)
        return EngineHealth(Phase.READY, f"the server at {self.name}", model=model)

    async def load(self) -> EngineLoad | None:
        try:
            said = await self.client.work()
        except BackendError:
            return None
        return None if said is None else EngineLoad(said.running - said.waiting, said.waiting, said.cache_use)
