"""The kinds of server that may be at a URL, in the order in which they are recognised."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.llama_cpp.foreign import ForeignClient
from sfm2.engines.vllm.foreign import ForeignVLLMClient
from sfm2.engines.vllm.recognition import is_vllm


@dataclass(frozen=True)
class ServerKind:
    """Servers that speak the same protocol."""

    name: str
    """For people."""
    recognises: Callable[[httpx.AsyncClient], Awaitable[bool]]
    """Whether the server is one of them, by what it says of itself. Raises httpx's errors when it does not answer."""
    client: Callable[[EngineAddress, float], EngineClient]


async def _any(http: httpx.AsyncClient) -> bool:
    return True


KINDS = (
    ServerKind("vLLM", is_vllm, ForeignVLLMClient),
    ServerKind("llama.cpp", _any, ForeignClient),  # last: many servers speak its protocol, and say nothing of it
)
