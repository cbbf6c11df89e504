"""OpenAI, or any server that speaks its protocol: the last link of the fallback chain.

Chat models are asked for code in a fence and may repeat the prompt; `code_reply` takes both off again.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from sfm2 import prompts
from sfm2.backends import extras
from sfm2.backends.base import Ask, Piece, Status
from sfm2.backends.code_reply import CodeReply
from sfm2.backends.openai_pieces import Pieces
from sfm2.backends.openai_requests import (
    Delta,
    Dialect,
    chat_request,
    completions_request,
    is_markdown,
    read_chat,
    read_completions,
)
from sfm2.config import OpenAISettings
from sfm2.errors import (
    BackendNotConfiguredError,
    BackendUnavailableError,
    BackendUnsupportedError,
    PromptTooLongError,
)
from sfm2.syntax.window import trim
from sfm2.types import BackendStatus

if TYPE_CHECKING:
    import openai

TRIMMED = 24_000  # characters of prefix and suffix that an editor's request may send
_MOST_TRIMS = 5  # each halves the text
_NOT_CONFIGURED = Status(
    BackendStatus.NOT_CONFIGURED, "set OPENAI_API_KEY, or models.openai.base_url to a server of yours"
)


class OpenAI:
    """`timeout`: seconds to wait for a connection, and for each part of an answer."""

    name = "openai"

    def __init__(self, settings: OpenAISettings, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._client: openai.AsyncOpenAI | None = None
        self._dialect = Dialect()
        self._rejection: BackendUnavailableError | None = None

    async def start(self) -> None: ...

    async def ready(self) -> None: ...

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def status(self) -> Status:
        """`configured` means just that: asking the server whether it answers would cost money."""
        if obstacle := self._obstacle():
            return obstacle
        if self._rejection is not None:
            return Status(BackendStatus.UNAVAILABLE, self._rejection.message)
        return Status(BackendStatus.CONFIGURED, f"{self._settings.model} at {self._settings.base_url or 'OpenAI'}")

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        self._check(ask)
        client = await self._connected()
        begun = False
        for attempt in range(_MOST_TRIMS):
            try:
                async with aclosing(self._attempt(client, _trimmed(ask, attempt))) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except PromptTooLongError:
                if begun or not ask.trim or attempt == _MOST_TRIMS - 1:
                    raise
            except BackendUnavailableError as error:
                self._rejection = error
                raise

    async def _attempt(self, client: openai.AsyncOpenAI, ask: Ask) -> AsyncGenerator[Piece, None]:
        from sfm2.backends.openai_errors import translated

        pieces = Pieces(CodeReply(ask.prefix, ask.language, fences=not is_markdown(ask)) if self._strips(ask) else None)
        resumed = prompts.Resumed(ask.prefix if self._settings.mode == "completions" else "", words=False)
        if self._settings.mode == "completions":
            ask = replace(ask, prefix=resumed.prompt)
        with translated(self._settings.model):
            async with aclosing(self._deltas(client, ask)) as deltas:
                async for delta in deltas:
                    if piece := pieces.feed(delta):
                        yield replace(piece, text=resumed.feed(piece.text))
                    if pieces.ended:
                        break
        self._rejection = None
        yield pieces.last()

    async def _deltas(self, client: openai.AsyncOpenAI, ask: Ask) -> AsyncGenerator[Delta, None]:
        read = read_chat if self._settings.mode == "chat" else read_completions
        stream = await self._open(client, ask)
        try:
            async for event in stream:
                yield read(event.model_dump(warnings=False) if isinstance(event, BaseModel) else {})
        finally:
            await stream.close()

    async def _open(self, client: openai.AsyncOpenAI, ask: Ask) -> Any:
        """The server's stream; asked again without the fields that it refuses."""
        import openai

        dialect = self._dialect
        full = self._request(ask)
        while True:
            request = dialect.request(full)
            try:
                stream = await self._create(client, request)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                simpler = dialect.after(request, error.code, error.param)
                if simpler is None:
                    raise
                dialect = simpler
            else:
                self._dialect = dialect
                return stream

    def _request(self, ask: Ask) -> dict[str, Any]:
        make = chat_request if self._settings.mode == "chat" else completions_request
        return make(ask, self._settings.model)

    async def _create(self, client: openai.AsyncOpenAI, request: Mapping[str, Any]) -> AsyncIterator[Any]:
        api: Any = client.chat.completions if self._settings.mode == "chat" else client.completions
        stream: AsyncIterator[Any] = await api.create(**request)
        return stream

    def _strips(self, ask: Ask) -> bool:
        return self._settings.mode == "chat" and ask.kind == "code"

    def _check(self, ask: Ask) -> None:
        if obstacle := self._obstacle():
            kind = BackendNotConfiguredError if obstacle == _NOT_CONFIGURED else BackendUnavailableError
            raise kind(obstacle.reason)
        if ask.kind == "chat" and self._settings.mode == "completions":
            raise BackendUnsupportedError('models.openai.mode is "completions": it does not answer questions')

    def _obstacle(self) -> Status | None:
        if not self._key and self._settings.base_url is None:
            return _NOT_CONFIGURED
        if self._settings.base_url is not None and not _is_http(self._settings.base_url):
            reason = (
                f"models.openai.base_url: expected one like http://localhost:8080/v1, not {self._settings.base_url}"
            )
            return Status(BackendStatus.UNAVAILABLE, reason)
        return extras.missing("openai", "openai")

    @property
    def _key(self) -> str:
        key = self._settings.api_key
        return key.get_secret_value().strip() if key else ""

    async def _connected(self) -> openai.AsyncOpenAI:
        package: Any = await asyncio.to_thread(importlib.import_module, "openai")  # takes most of a second
        if self._client is None:
            # The chain is the only loop that tries again.
            self._client = package.AsyncOpenAI(
                api_key=self._key or "none", base_url=self._settings.base_url, timeout=self._timeout, max_retries=0
            )
        return self._client


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _trimmed(ask: Ask, attempt: int) -> Ask:
    if not ask.trim:
        return ask
    prefix, suffix = trim(ask.prefix, ask.suffix, TRIMMED >> attempt)
    return replace(ask, prefix=prefix, suffix=suffix)
