"""OpenAI, or any server that speaks its protocol: the last link of the fallback chain.

Chat models are asked for code in a fence and may repeat the prompt; `code_reply` takes both off again.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel

from sfm2 import prompts, tracing
from sfm2.backends.base import Backend, Capabilities, obstacle_error
from sfm2.backends.openai.chunks import ChunkBuilder
from sfm2.backends.openai.code_reply import CodeReply
from sfm2.backends.openai.protocol import (
    RefusedFields,
    ServerDelta,
    chat_request,
    completions_request,
    is_markdown,
    read_chat,
    read_completions,
)
from sfm2.config import OpenAISettings, Settings
from sfm2.errors import (
    BackendUnavailableError,
    PromptTooLongError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.syntax.window import trim
from sfm2.types import BackendHealth, BackendStatus

if TYPE_CHECKING:
    import openai

TRIMMED = 24_000  # characters of prefix and suffix that an editor's request may send
_MOST_TRIMS = 5  # each halves the text
_NOT_CONFIGURED = BackendHealth(
    status=BackendStatus.NOT_CONFIGURED, reason="set OPENAI_API_KEY, or models.openai.base_url to a server of yours"
)


class OpenAI(Backend):
    """`timeout`: seconds to wait for a connection, and for each part of an answer."""

    name = "openai"
    extra = "openai"
    packages = ("openai",)

    def __init__(self, settings: OpenAISettings, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._client: openai.AsyncOpenAI | None = None
        self._refused = RefusedFields()
        self._rejection: BackendUnavailableError | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(settings.models.openai, settings.generation.timeout)

    @classmethod
    def is_configured(cls, settings: Settings) -> bool:
        return bool(_key_of(settings.models.openai)) or settings.models.openai.base_url is not None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(fills_holes=True, chats=self._settings.mode == "chat")

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def health(self) -> BackendHealth:
        """`configured` means just that: asking the server whether it answers would cost money."""
        if obstacle := self._obstacle():
            return obstacle
        if self._rejection is not None:
            return self._health(BackendStatus.UNAVAILABLE, self._rejection.message)
        reason = f"{self._settings.model} at {self._settings.base_url or 'OpenAI'}"
        return self._health(BackendStatus.CONFIGURED, reason)

    def _health(self, status: BackendStatus, reason: str) -> BackendHealth:
        return BackendHealth(status=status, reason=reason, model=self._settings.model)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        self._check()
        client = await self._connected()
        begun = False
        for attempt in range(_MOST_TRIMS):
            try:
                async with aclosing(self._attempt(client, _trimmed(request, attempt))) as chunks:
                    async for chunk in chunks:
                        begun = True
                        yield chunk
                return
            except PromptTooLongError:
                if begun or not request.truncate or attempt == _MOST_TRIMS - 1:
                    raise
            except BackendUnavailableError as error:
                self._rejection = error
                raise

    async def _attempt(
        self, client: openai.AsyncOpenAI, request: GenerationRequest
    ) -> AsyncGenerator[TokenChunk, None]:
        from sfm2.backends.openai.errors import translated

        builder = ChunkBuilder(
            CodeReply(request.prefix, request.language, fences=not is_markdown(request))
            if self._strips(request)
            else None
        )
        healing = prompts.TokenHealing(request.prefix if self._settings.mode == "completions" else "", words=False)
        if self._settings.mode == "completions":
            request = replace(request, prefix=healing.prompt)
        with translated(self._settings.model):
            async with aclosing(self._deltas(client, request)) as deltas:
                async for delta in deltas:
                    if chunk := builder.feed(delta):
                        yield replace(chunk, text=healing.feed(chunk.text))
                    if builder.ended:
                        break
        self._rejection = None
        yield builder.last()

    async def _deltas(
        self, client: openai.AsyncOpenAI, request: GenerationRequest
    ) -> AsyncGenerator[ServerDelta, None]:
        read = read_chat if self._settings.mode == "chat" else read_completions
        stream = await self._open(client, request)
        try:
            async for event in stream:
                yield read(event.model_dump(warnings=False) if isinstance(event, BaseModel) else {})
        finally:
            await stream.close()

    async def _open(self, client: openai.AsyncOpenAI, request: GenerationRequest) -> Any:
        """The server's stream; asked again without the fields that it refuses."""
        import openai

        refused = self._refused
        full = self._request(request)
        while True:
            asked = refused.without(full)
            try:
                stream = await self._create(client, asked)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                simpler = refused.after(asked, error.code, error.param)
                if simpler is None:
                    raise
                refused = simpler
            else:
                self._refused = refused
                return stream

    def _request(self, request: GenerationRequest) -> dict[str, Any]:
        make = chat_request if self._settings.mode == "chat" else completions_request
        return make(request, self._settings.model)

    async def _create(self, client: openai.AsyncOpenAI, request: Mapping[str, Any]) -> AsyncIterator[Any]:
        api: Any = client.chat.completions if self._settings.mode == "chat" else client.completions
        stream: AsyncIterator[Any] = await api.create(**request, extra_headers=tracing.headers())
        return stream

    def _strips(self, request: GenerationRequest) -> bool:
        return self._settings.mode == "chat" and not request.is_chat

    def _check(self) -> None:
        if obstacle := self._obstacle():
            raise obstacle_error(obstacle)

    def _obstacle(self) -> BackendHealth | None:
        if not _key_of(self._settings) and self._settings.base_url is None:
            return _NOT_CONFIGURED
        if self._settings.base_url is not None and not _is_http(self._settings.base_url):
            reason = (
                f"models.openai.base_url: expected one like http://localhost:8080/v1, not {self._settings.base_url}"
            )
            return self._health(BackendStatus.UNAVAILABLE, reason)
        return self.missing_extra()

    async def _connected(self) -> openai.AsyncOpenAI:
        package: Any = await asyncio.to_thread(importlib.import_module, "openai")  # takes most of a second
        if self._client is None:
            # The chain is the only loop that tries again.
            self._client = package.AsyncOpenAI(
                api_key=_key_of(self._settings) or "none",
                base_url=self._settings.base_url,
                timeout=self._timeout,
                max_retries=0,
            )
        return self._client


def _key_of(settings: OpenAISettings) -> str:
    return settings.api_key.get_secret_value().strip() if settings.api_key else ""


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _trimmed(request: GenerationRequest, attempt: int) -> GenerationRequest:
    if not request.truncate:
        return request
    prefix, suffix = trim(request.prefix, request.suffix, TRIMMED >> attempt)
    return replace(request, prefix=prefix, suffix=suffix)
