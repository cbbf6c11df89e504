"""A client of a vLLM that somebody else runs, with adapters of its own (`--lora-modules`)."""

from __future__ import annotations

from sfm2.engines.base import AdapterFile
from sfm2.engines.vllm.client import ServedWeights, VLLMClient
from sfm2.errors import AdapterError
from sfm2.models.adapters import NONE


class ForeignVLLMClient(VLLMClient):
    """Raises `AdapterError`, too, for an adapter that the server does not have."""

    async def _model(self, adapter: AdapterFile | None, served: ServedWeights) -> str:
        if adapter is None or adapter.digest == NONE:
            return served.name
        names = [one.id for one in await self._models() if one.parent is not None]
        if adapter.digest not in names:
            raise AdapterError(
                f"adapter: the server has no {adapter.digest!r}; it has {', '.join(names) or 'none'}",
                suggestion="Start it with --enable-lora and --lora-modules NAME=FOLDER, or ask without `adapter`",
            )
        return adapter.digest
