"""An HTTP client of llama.cpp's protocol. What goes over the wire stays in here: typed values go in and come out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from sfm2 import tracing
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import LOOK, EngineAddress, EngineClient, EngineWork
from sfm2.engines.http import CONNECT_TIMEOUT, connected, parsed, translated_errors
from sfm2.engines.llama_cpp.token_texts import TokenTexts
from sfm2.engines.llama_cpp.wire import (
    ADAPTER_FAILED,
    OVERLOADED,
    REFUSED,
    TOO_LATE,
    TOO_LONG,
    UNSUPPORTED,
    CompletionCall,
    CompletionEvent,
    ErrorDetail,
    ErrorReply,
    LoadedLora,
    LoraScale,
    Properties,
    TemplateCall,
    TemplateMessage,
    TemplateReply,
    TokenizeCall,
    TokenizeReply,
)
from sfm2.errors import (
    BackendAdapterError,
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendRefusedError,
    BackendTimeoutError,
    BackendUnsupportedError,
    PromptTooLongError,
)
from sfm2.generation import Priority, TokenChunk
from sfm2.sse import Decoder
from sfm2.types import ConversationMessage, SamplingParams

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
_PROPERTIES = TypeAdapter(Properties)
_LORAS = TypeAdapter(list[LoadedLora])
_PROTOCOL = "llama.cpp's protocol"
EVENTS = "text/event-stream"
_NO_KEY = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_NO_ROUTE = (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.NOT_IMPLEMENTED)
_OVERLOAD_WAIT = 1.0  # seconds that a client is asked to wait when the engine is full, at least


class RouteMissingError(BackendError):
    """The server has no such route: it speaks a part of the protocol only."""


class LlamaCppClient(EngineClient):
    """`timeout` is in seconds, for each wait on the connection."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        self._timeout = timeout
        self._http = connected(address, timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        seconds = self._timeout if patience is None else min(self._timeout, patience)
        call = CompletionCall.build(prompt, sampling, adapter, streaming, priority, seconds)
        call = call.model_copy(update={"lora": await self._loras(adapter)})
        decoder, texts = Decoder(), TokenTexts()
        async with (
            translated_errors(_PROTOCOL),
            self._http.stream(
                "POST", "/completion", content=call.model_dump_json(exclude_none=True), headers=tracing.headers()
            ) as response,
        ):
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise _refusal(response)
            if (kind := _kind(response)) != EVENTS:
                raise BackendError(
                    f"the engine does not speak {_PROTOCOL}: it answers with {kind or 'no type'}, not {EVENTS}"
                )
            async for data in response.aiter_bytes():
                for event in decoder.feed(data):
                    chunk = _chunk(CompletionEvent.model_validate_json(event.data), texts)
                    yield chunk
                    if chunk.finish_reason:
                        return
        raise BackendError("the engine closed the stream before its end; it may have died")

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        return (
            await self._post("/tokenize", TokenizeCall(content=text, parse_special=parse_special), TokenizeReply)
        ).tokens

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        call = TemplateCall(messages=[TemplateMessage(role=one.role, content=one.content) for one in messages])
        return (await self._post("/apply-template", call, TemplateReply)).prompt

    async def facts(self) -> EngineFacts:
        """Only an engine of ours reports its digest."""
        properties = _parsed(await self._get("/props"), _PROPERTIES)
        return EngineFacts(
            model=properties.model_alias,
            sha256=properties.weights,
            prompt_form=properties.prompt_form,
        )

    async def work(self) -> EngineWork | None:
        said = _parsed(await self._get("/props", LOOK), _PROPERTIES)
        return EngineWork(said.running, said.waiting, said.cache_use)

    async def check(self) -> None:
        await self._get("/health", CONNECT_TIMEOUT)

    async def _loras(self, adapter: AdapterFile | None) -> list[LoraScale] | None:
        """Which of the server's own LoRAs make the adapter; None where it takes the adapter as it is, or none."""
        return None

    async def _server_loras(self) -> list[LoadedLora]:
        """What llama.cpp's own server has loaded."""
        return _parsed(await self._get("/lora-adapters"), _LORAS)

    async def _get(self, path: str, seconds: float | None = None) -> bytes:
        async with translated_errors(_PROTOCOL):
            response = await self._http.get(
                path, timeout=httpx.Timeout(seconds or self._timeout, connect=CONNECT_TIMEOUT)
            )
        return _content(response)

    async def _post(self, path: str, call: BaseModel, reply: type[M]) -> M:
        async with translated_errors(_PROTOCOL):
            response = await self._http.post(path, content=call.model_dump_json())
        return _parsed(_content(response), TypeAdapter(reply))


def _chunk(event: CompletionEvent, texts: TokenTexts) -> TokenChunk:
    if event.error is not None:
        raise _failure(event.error)
    probabilities = event.completion_probabilities or []
    return TokenChunk(
        event.content,
        tuple(one.logprob for one in probabilities),
        tokens=len(event.tokens or probabilities),
        finish_reason=event.finish_reason,
        prompt_tokens=event.tokens_evaluated,
        prompt_seconds=event.prompt_seconds,
        wait_seconds=event.wait_seconds,
        token_texts=texts.of(event.content, [one.raw for one in probabilities]),
    )


def _kind(response: httpx.Response) -> str:
    """Its media type, without parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _content(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise _refusal(response)
    return response.content


def _parsed(content: bytes, kind: TypeAdapter[T]) -> T:
    return parsed(content, kind, _PROTOCOL)


def _refusal(response: httpx.Response) -> BackendError | PromptTooLongError:
    try:
        error = ErrorReply.model_validate_json(response.content).error
    except ValidationError:
        error = ErrorDetail(message=f"status {response.status_code}")
    if of_request := _fault_of_request(error):
        return of_request
    if response.status_code in _NO_KEY:
        return BackendError("the engine does not accept the API key, or asks for one: http://:KEY@host")
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return BackendLoadingError(f"the engine is loading: {error.message}")
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _overloaded(error)
    refusal = RouteMissingError if response.status_code in _NO_ROUTE else BackendError
    return refusal(f"the engine refused: {error.message}")


def _overloaded(error: ErrorDetail) -> BackendOverloadedError:
    wait = max(_OVERLOAD_WAIT, error.retry_after or 0.0)
    return BackendOverloadedError(f"the engine is overloaded: {error.message}", retry_after=wait)


def _failure(error: ErrorDetail) -> BackendError | PromptTooLongError:
    """In the middle of a stream."""
    return _fault_of_request(error) or BackendError(f"the engine failed: {error.message}")


def _fault_of_request(error: ErrorDetail) -> BackendError | PromptTooLongError | None:
    """What is due to what was asked for, and says nothing of the engine; None: it is another kind of error."""
    if error.type == TOO_LONG:
        sizes = {"n_prompt_tokens": error.n_prompt_tokens, "n_ctx": error.n_ctx}
        return PromptTooLongError(error.message, details={k: v for k, v in sizes.items() if v is not None})
    if error.type == REFUSED:
        return BackendRefusedError(f"the engine does not take this request: {error.message}")
    if error.type == UNSUPPORTED:
        return BackendUnsupportedError(error.message)
    if error.type == OVERLOADED:
        return _overloaded(error)
    if error.type == TOO_LATE:
        return BackendTimeoutError(error.message)
    if error.type == ADAPTER_FAILED:
        return BackendAdapterError(error.message)
    return None
