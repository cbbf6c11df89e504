"""Answers from a server, by the SDK."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from sfm2.client import SFM2Client
from sfm2.config import Settings, is_loopback
from sfm2.types import Chunk, CompleteRequest, Completion, ExplainRequest, Explanation, GenerateRequest, Request


class Remote:
    """An `SFM2Client`, as an `Answerer`."""

    def __init__(self, client: SFM2Client, url: str) -> None:
        self.client = client
        self.place = url
        self.health = client.health_check

    @classmethod
    @contextmanager
    def connected(cls, url: str, api_key: str | None, settings: Settings) -> Iterator[Self]:
        # The server may give each backend of its chain as long as ours would get.
        timeout = settings.generation.timeout * len(settings.fallback.chain)
        with ExitStack() as stack:
            # A proxy is for other machines; `None` lets the client find the user's.
            http = stack.enter_context(httpx.Client(trust_env=False)) if _on_this_machine(url) else None
            yield cls(stack.enter_context(SFM2Client(url, api_key, timeout=timeout, http_client=http)), url)

    def submit(self, request: GenerateRequest | CompleteRequest) -> Completion:
        if isinstance(request, GenerateRequest):
            return self.client.generate(**_fields(request))
        return self.client.complete(**_fields(request))

    def stream(self, request: GenerateRequest) -> Generator[Chunk | Completion, None, None]:
        with self.client.generate_stream(**_fields(request)) as stream:
            yield from stream
            assert stream.result is not None, "a stream that ends without an error has its result"
            yield stream.result

    def explain(self, request: ExplainRequest) -> Explanation:
        return self.client.explain(**_fields(request))

    def activity(self) -> str:
        return f"waiting for {self.place}"


def _on_this_machine(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _fields(request: Request) -> dict[str, Any]:
    return request.model_dump(exclude_none=True)
