"""From an item to a request, and the completers to ask: a server, or the models in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sfm2.client import AsyncSFM2Client
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.evals.contexts import ALONE, Context
from sfm2.evals.items import Item
from sfm2.repository.contents import Passage
from sfm2.requests import build
from sfm2.types import CompleteRequest, GenerateRequest

ItemRequest = GenerateRequest | CompleteRequest

PATIENCE = 600.0  # seconds for an answer: slow answers are measured, not given up
_RETRIES = 5


@dataclass(frozen=True)
class Asking:
    """How all items are asked. None: as the item says, or else the server's default."""

    temperature: float = 0.0
    guard: bool = True
    max_length: int | None = None
    """New tokens at most"""
    mode: str | None = None
    seed: int = 0
    adapter: str | None = None
    context: Context = ALONE
    """What of the repository around an item it is asked with."""


WARM_UP = CompleteRequest(
    prefix="def add(a, b):\n    return ", suffix="\n", max_length=8, temperature=0, use_fallback=False
)
"""The first request: it waits for the weights, and its answer says which weights are measured."""


def request_for(item: Item, asking: Asking, shown: Sequence[Passage] = ()) -> ItemRequest:
    """The request for an item. `shown`: of other files. Raises InvalidRequestError for an item that is no valid request,
    such as one with NULs.
    """
    how = {
        "adapter": asking.adapter,
        "language": item.language,
        "max_length": asking.max_length or item.max_length,
        "temperature": asking.temperature,
        "mode": asking.mode or item.mode,
        "guard": asking.guard,
        "seed": asking.seed,
        "features": True,
        "use_fallback": False,
    }
    if item.as_prompt:
        return build(GenerateRequest, {"prompt": item.prefix, "suffix": item.suffix or None, **how})
    files = [*((one.path, one.text) for one in item.beside), *((one.path, one.text) for one in shown)]
    context = [{"path": path, "text": text} for path, text in files]
    parts = {"prefix": item.prefix, "suffix": item.suffix, "path": item.path, "context": context}
    return build(CompleteRequest, {**parts, **how})


def in_process(settings: Settings) -> AsyncModelManager:
    """The models in this process; to be used in `async with`."""
    return AsyncModelManager(settings, patient=True)


def over_http(url: str, api_key: str | None, connections: int) -> AsyncSFM2Client:
    """A client of a server that makes `connections` requests at a time; to be used in `async with`."""
    return AsyncSFM2Client(url, api_key, timeout=PATIENCE, max_retries=_RETRIES, max_connections=connections)


def alone(settings: Settings, backend: str | None = None) -> Settings:
    """The settings with a chain of one backend (`backend`, or the first), and with time for long answers."""
    fallback = {"chain": (backend or settings.fallback.chain[0],), "min_confidence": None}
    return settings.model_copy(
        update={
            "fallback": settings.fallback.model_copy(update=fallback),
            "generation": settings.generation.model_copy(update={"timeout": PATIENCE}),
        }
    )
