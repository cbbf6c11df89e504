"""A client of a llama.cpp server that somebody else runs, with adapters of its own (`--lora`)."""

from __future__ import annotations

from sfm2.engines.base import AdapterFile
from sfm2.engines.client import EngineAddress, EngineWork
from sfm2.engines.llama_cpp.client import LlamaCppClient, RouteMissingError
from sfm2.engines.llama_cpp.wire import LoraScale
from sfm2.errors import AdapterError
from sfm2.models.adapters import NONE


class ForeignClient(LlamaCppClient):
    """Raises `AdapterError`, too, for an adapter that the server does not have."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        super().__init__(address, timeout)
        self._asked = False

    async def work(self) -> EngineWork | None:
        return None  # of requests, llama.cpp's own server says nothing at /props

    async def _loras(self, adapter: AdapterFile | None) -> list[LoraScale] | None:
        """Once one was asked for, every request says what it wants: who doesn't gets what was read with another one."""
        if adapter is None and not self._asked:
            return None
        self._asked = True
        try:
            loaded = await self._server_loras()
        except RouteMissingError:
            loaded = []
        if adapter is None:
            return [LoraScale(id=one.id, scale=one.scale) for one in loaded] or None
        names = [one.name for one in loaded]
        if adapter.digest not in (*names, NONE):
            raise AdapterError(
                f"adapter: the server has no {adapter.digest!r}; it has {', '.join(names) or 'none'}",
                suggestion="Start it with --lora-init-without-apply and --lora FILE, or ask without `adapter`",
            )
        return [LoraScale(id=one.id, scale=float(one.name == adapter.digest)) for one in loaded] or None
