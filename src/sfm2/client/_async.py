"""The SDK for asyncio: a thin shell around the pure modules.

The blocking client is generated from this file: run `python -m tools.unasync` after a change.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeVar, Unpack, overload

import httpx

from sfm2.client import _requests, _responses
from sfm2.client._arguments import lists_arguments
from sfm2.client._async_streams import AsyncClosing, AsyncExplanationStream, AsyncGenerationStream
from sfm2.client._cache import key_of, worth_keeping
from sfm2.client._chat import ChatReader, chat_call
from sfm2.client._events import EventReader, Streamed
from sfm2.client._options import Options, close_with
from sfm2.client._requests import ROUTES, STREAM_ROUTES, Call
from sfm2.completer import Answer, Question, Streamable
from sfm2.errors import SFM2Error
from sfm2.headers import REQUEST_ID
from sfm2.types import (
    Batch,
    BatchRequest,
    ChatRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    GenerationArguments,
    Health,
    Outcome,
    Reply,
    Snippet,
    Stats,
)

A = TypeVar("A", bound=Answer)


class AsyncSFM2Client(AsyncClosing):
    """A client of an SFM-2 server, and an `AsyncCompleter`. Its methods raise the classes of `sfm2.errors`.

    `api_url` defaults to SFM2_API_URL, then to http://localhost:8000; `api_key` to SFM2_API_KEY. `timeout` is the longest
    wait for the next byte, in seconds; the server answers with what is written by then. `max_retries` bounds how often a
    request is sent again where that is safe. `enable_cache` keeps answers in memory, at most `cache_size` of them for
    `cache_ttl` seconds each: the same request gets the same answer. `http_client` is a connection pool of your own
    (certificates, proxies), which stays open when this client is closed. Wrong arguments raise `InvalidRequestError`.

    Close the client with `aclose`, or use it in `async with`.
    """

    def __init__(
        self,
        api_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 60.0,
        max_retries: int = 2,
        enable_cache: bool = False,
        cache_ttl: float = 3600.0,
        cache_size: int = 1000,
        max_connections: int = 10,
        keep_alive: bool = True,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._options = Options.build(
            api_url, api_key, timeout, max_retries, enable_cache, cache_ttl, cache_size, max_connections, keep_alive
        )
        self._origin: Self | None = None  # keeps the client alive whose connections these are
        self._owns_http = http_client is None
        self._http = http_client or httpx.AsyncClient(**self._options.pool())
        if self._owns_http:
            close_with(self, self._http)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.shown!r})"

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """The same client with other limits. Both share connections and cache; closing the original closes them."""
        other = object.__new__(type(self))
        other._options = self._options.with_limits(timeout, max_retries)
        other._http, other._owns_http = self._http, False
        other._origin = self
        return other

    # Request objects.

    @overload
    async def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...
    @overload
    async def submit(self, request: ExplainRequest) -> Explanation: ...
    @overload
    async def submit(self, request: BatchRequest) -> Batch: ...
    @overload
    async def submit(self, request: Question) -> Answer: ...

    async def submit(self, request: Question) -> Answer:
        """The answer to a request object of `sfm2.types`."""
        return await self._answer(_requests.from_request(request), _responses.ANSWERS[type(request)])

    @overload
    def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]: ...
    @overload
    def stream(self, request: ExplainRequest) -> AsyncGenerator[Chunk | Explanation, None]: ...
    @overload
    def stream(self, request: Streamable) -> AsyncGenerator[Chunk | Completion | Explanation, None]: ...

    def stream(self, request: Streamable) -> AsyncGenerator[Any, None]:
        """The chunks of an answer as they arrive, then the whole answer. Closing it stops the work on the server."""
        call = _requests.stream_from_request(request)
        return self._answers(call, Explanation if isinstance(request, ExplainRequest) else Completion)

    def chat_stream(self, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
        """The chunks of the next message of a conversation, then the whole `Reply`. Closing it stops the work."""
        return self._events(chat_call(request), ChatReader)

    async def health(self) -> Health:
        """The state of the server and its backends, even if unhealthy. Fields can be read as `health["status"]`."""
        return _responses.parse_health(await self._send(_requests.HEALTH))

    # The same with plain arguments.

    @lists_arguments
    async def generate(
        self, prompt: str, *, suffix: str | None = None, **arguments: Unpack[GenerationArguments]
    ) -> Completion:
        """Complete `prompt`. `suffix` is the code that follows the completion."""
        fields = {"prompt": prompt, "suffix": suffix}
        return await self._answer(_requests.post(ROUTES[GenerateRequest], fields, arguments), Completion)

    @lists_arguments
    def generate_stream(
        self, prompt: str, *, suffix: str | None = None, **arguments: Unpack[GenerationArguments]
    ) -> AsyncGenerationStream:
        """As `generate`, in chunks as they arrive."""
        fields = {"prompt": prompt, "suffix": suffix}
        call = _requests.post(STREAM_ROUTES[GenerateRequest], fields, arguments)
        return AsyncGenerationStream(self._answers(call, Completion))

    @lists_arguments
    async def generate_batch(
        self, prompts: Sequence[str], **arguments: Unpack[GenerationArguments]
    ) -> list[Completion | SFM2Error]:
        """Complete many prompts. A prompt that fails has its error in its place, as an object that is not raised."""
        call = _requests.post(ROUTES[BatchRequest], {"prompts": _requests.prompts_of(prompts)}, arguments)
        return _responses.batch_items(await self._answer(call, Batch))

    @lists_arguments
    async def complete(
        self,
        prefix: str,
        suffix: str = "",
        *,
        path: str | None = None,
        context: Sequence[Snippet | Mapping[str, str]] = (),
        time_limit: float | None = None,
        **arguments: Unpack[GenerationArguments],
    ) -> Completion:
        """Fill the hole between `prefix` and `suffix`.

        `path` is the file's name, which implies the language. `context` is code of other files, the most relevant last.
        After `time_limit` seconds of writing, the completion ends at the end of its line.
        """
        fields = _requests.hole(prefix, suffix, path, context, time_limit)
        return await self._answer(_requests.post(ROUTES[CompleteRequest], fields, arguments), Completion)

    @lists_arguments
    def complete_stream(
        self,
        prefix: str,
        suffix: str = "",
        *,
        path: str | None = None,
        context: Sequence[Snippet | Mapping[str, str]] = (),
        time_limit: float | None = None,
        **arguments: Unpack[GenerationArguments],
    ) -> AsyncGenerationStream:
        """As `complete`, in chunks as they arrive: each line as soon as it is sure to stay."""
        fields = _requests.hole(prefix, suffix, path, context, time_limit)
        call = _requests.post(STREAM_ROUTES[CompleteRequest], fields, arguments)
        return AsyncGenerationStream(self._answers(call, Completion))

    async def explain(
        self,
        code: str,
        *,
        language: str | None = None,
        max_length: int | None = None,
        use_fallback: bool | None = None,
    ) -> Explanation:
        """Explain in words what `code` does, in at most `max_length` tokens."""
        fields = {"code": code, "language": language, "max_length": max_length, "use_fallback": use_fallback}
        return await self._answer(_requests.post(ROUTES[ExplainRequest], fields, {}), Explanation)

    def explain_stream(
        self,
        code: str,
        *,
        language: str | None = None,
        max_length: int | None = None,
        use_fallback: bool | None = None,
    ) -> AsyncExplanationStream:
        """As `explain`, in chunks as they arrive."""
        fields = {"code": code, "language": language, "max_length": max_length, "use_fallback": use_fallback}
        call = _requests.post(STREAM_ROUTES[ExplainRequest], fields, {})
        return AsyncExplanationStream(self._answers(call, Explanation))

    async def feedback(self, completion_id: str, outcome: Outcome | str) -> None:
        """Report what became of a completion, by its `id`: "accepted", "edited" or "rejected". A later report replaces it.

        Raises `NotFoundError` if this API key has got no such completion in the last 30 days.
        """
        _responses.check(await self._send(_requests.feedback(completion_id, outcome)))

    async def health_check(self) -> Health:
        """The same as `health`, under the name of the API reference."""
        return await self.health()

    async def stats(self) -> Stats:
        """The server's usage statistics. Fields can be read as `stats["total_requests"]`."""
        return _responses.parse(await self._send(_requests.STATS), Stats)

    async def aclose(self) -> None:
        """Release the connections. Calling it again is harmless."""
        if self._owns_http:
            await self._http.aclose()

    async def _answer(self, call: Call, kind: type[A]) -> A:
        cache = self._options.cache
        if cache is None:
            return _responses.parse(await self._send(call), kind)
        key = key_of(self._options.url, self._options.api_key, call)
        answer: A | None = cache.get(key)
        if answer is None:
            answer = _responses.parse(await self._send(call), kind)
            if worth_keeping(answer):
                cache.put(key, answer)
        return answer

    def _answers(self, call: Call, answer: type[Streamed]) -> AsyncGenerator[Chunk | Streamed, None]:
        return self._events(call, partial(EventReader, answer))

    async def _events(
        self, call: Call, reading: Callable[[str | None], EventReader[Streamed]]
    ) -> AsyncGenerator[Chunk | Streamed, None]:
        response = await self._send(call, stream=True)
        reader = reading(response.headers.get(REQUEST_ID))
        try:
            if not _responses.is_event_stream(response):
                await response.aread()
                raise _responses.error_of(response)
            async for data in response.aiter_bytes():
                for chunk in reader.feed(data):
                    yield chunk
        except httpx.HTTPError as error:
            if reader.result is None:  # a connection that breaks after `done` took nothing away
                raise reader.interrupted(error) from error
        finally:
            await response.aclose()
        yield reader.end()

    async def _send(self, call: Call, *, stream: bool = False) -> httpx.Response:
        """The response, whatever its status, after as many tries as are safe. Raises `APIConnectionError`."""
        policy, attempt, headers = self._options.policy, 0, self._options.headers_of(call)
        while True:
            began = time.monotonic()
            try:
                response = await self._http.send(self._request(call, headers), stream=stream, follow_redirects=False)
            except httpx.HTTPError as error:
                wait = policy.after_error(attempt, error, call.repeatable, keyed=call.waits)
                if wait is None:
                    raise _responses.from_httpx(error, self._options.shown) from error
            else:
                wait = policy.after_response(attempt, response, call.repeatable, time.monotonic() - began)
                if wait is None or response.status_code in call.answers:
                    return response
                await response.aclose()
            await asyncio.sleep(wait)
            attempt += 1

    def _request(self, call: Call, headers: dict[str, str]) -> httpx.Request:
        return self._http.build_request(
            call.method,
            self._options.url + call.path,
            content=call.content(),
            headers=headers,
            timeout=self._options.httpx_timeout(),
        )
