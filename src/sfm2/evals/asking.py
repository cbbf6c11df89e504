"""From an item to a request, and to whoever answers it: a service, or the models in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from sfm2.client import AsyncSFM2Client
from sfm2.config import Settings, is_loopback
from sfm2.core import AsyncModelManager
from sfm2.evals.items import Item
from sfm2.requests import build
from sfm2.types import CompleteRequest, Completion, GenerateRequest, GenerationConfig, GenerationOptions

Request = GenerateRequest | CompleteRequest
Answerer = Callable[[Request], Awaitable[Completion]]

PATIENCE = 600.0  # seconds for an answer: what is measured is not how soon others would give up
_RETRIES = 5


@dataclass(frozen=True)
class Asking:
    """How all items are asked. None: as the item says, or else the service's default. `max_length` is in tokens."""

    temperature: float = 0.0
    guard: bool = True
    max_length: int | None = None
    mode: str | None = None
    seed: int = 0
    adapter: str | None = None


WARM_UP = CompleteRequest(
    prefix="def add(a, b):\n    return ", suffix="\n", max_length=8, temperature=0, use_fallback=False
)
"""Loads what is to be loaded; its answer says which weights are measured."""


def request_for(item: Item, asking: Asking) -> Request:
    """Raises InvalidRequestError for an item that nobody could ask, such as one with NUL characters."""
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
    return build(CompleteRequest, {"prefix": item.prefix, "suffix": item.suffix, "path": item.path, **how})


@asynccontextmanager
async def in_process(settings: Settings) -> AsyncIterator[Answerer]:
    """The models in this process."""
    async with AsyncModelManager(settings, patient=True) as manager:
        yield manager.submit


@asynccontextmanager
async def over_http(url: str, api_key: str | None, connections: int) -> AsyncIterator[Answerer]:
    """A service; of its chain only the first backend may answer."""
    # A proxy is for other machines.
    near = is_loopback(urlsplit(url).hostname or "")
    async with (
        httpx.AsyncClient(trust_env=not near) as http,
        AsyncSFM2Client(
            url, api_key, timeout=PATIENCE, max_retries=_RETRIES, max_connections=connections, http_client=http
        ) as client,
    ):

        async def answer(request: Request) -> Completion:
            config = GenerationConfig.model_validate(request.model_dump(include=set(GenerationOptions.model_fields)))
            if isinstance(request, GenerateRequest):
                return await client.generate(
                    request.prompt,
                    suffix=request.suffix,
                    language=request.language,
                    use_fallback=request.use_fallback,
                    config=config,
                )
            return await client.complete(
                request.prefix,
                request.suffix,
                path=request.path,
                language=request.language,
                use_fallback=request.use_fallback,
                config=config,
            )

        yield answer


def alone(settings: Settings, backend: str | None = None) -> Settings:
    """With a chain of one: `backend`, else the first; and with time for long answers."""
    fallback = {"chain": (backend or settings.fallback.chain[0],), "min_confidence": None}
    return settings.model_copy(
        update={
            "fallback": settings.fallback.model_copy(update=fallback),
            "generation": settings.generation.model_copy(update={"timeout": PATIENCE}),
        }
    )
