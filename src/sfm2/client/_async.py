"""The SDK for asyncio: a thin shell around the pure parts. Its twin is `_sync`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx

from sfm2.client import _requests, _responses
from sfm2.client._cache import key_of
from sfm2.client._events import EventReader
from sfm2.client._options import Options
from sfm2.client._requests import Call, Settings
from sfm2.errors import SFM2Error
from sfm2.types import Batch, Chunk, Completion, Explanation, Health, Outcome, Snippet, Stats

A = TypeVar("A", Completion, Explanation)


class AsyncGenerationStream:
    """Chunks of a completion as they come. `result` is the whole one, after the last. Leaving early stops the work.

    Iterating raises the classes of `sfm2.errors`; `StreamInterruptedError` when the stream ends before it was done.
    """

    def __init__(self, client: AsyncSFM2Client, call: Call) -> None:
        self.result: Completion | None = None
        self._chunks = self._read(client, call)

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    async def __anext__(self) -> Chunk:
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Stop the work and let the connection go. Again is harmless."""
        await self._chunks.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _read(self, client: AsyncSFM2Client, call: Call) -> AsyncGenerator[Chunk, None]:
        response = await client._send(call, stream=True)
        reader = EventReader(response.headers.get("X-Request-ID"))
        try:
            if not _responses.is_event_stream(response):
                await response.aread()
                raise _responses.error_of(response)
            async for data in response.aiter_bytes():
                for chunk in reader.feed(data):
                    yield chunk
        except httpx.HTTPError as error:
            if reader.result is None:  # what breaks after `done` took nothing away
                raise reader.interrupted(error) from error
        finally:
            await response.aclose()
        self.result = reader.end()


class AsyncSFM2Client:
    """A client of an SFM-2 server.

    `api_url` is taken from SFM2_API_URL and `api_key` from SFM2_API_KEY when not given; `cache_ttl` is in seconds,
    and so is `timeout`: the longest wait for the next byte. `enable_cache` keeps the answers of `generate`, `complete` and
    `explain` in memory: the same question gets the same answer for `cache_ttl`.
    `http_client` brings a connection pool of your own (certificates, proxies); it is not closed with this client.
    Raises the classes of `sfm2.errors`, `InvalidRequestError` for wrong arguments.
    Close it with `aclose`, or use it in `async with`.
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
            api_url,
            api_key,
            timeout,
            max_retries,
            enable_cache,
            cache_ttl,
            cache_size,
            max_connections,
            keep_alive,
        )
        self._origin: Self | None = None  # whose connections these are; it closes them when it is garbage
        self._owns_http = http_client is None
        self._http = http_client or httpx.AsyncClient(**self._options.pool())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.shown!r})"

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """The same client with other limits; both share connections and cache, and the original closes them."""
        other = object.__new__(type(self))
        other._options = self._options.with_limits(timeout, max_retries)
        other._http, other._owns_http = self._http, False
        other._origin = self
        return other

    async def generate(self, prompt: str, *, suffix: str | None = None, **settings: Unpack[Settings]) -> Completion:
        """Code that goes on from `prompt`, up to `suffix`: the code that follows it."""
        return await self._answer(
            _requests.post("/generate", {"prompt": prompt, "suffix": suffix}, settings), Completion
        )

    def generate_stream(
        self, prompt: str, *, suffix: str | None = None, **settings: Unpack[Settings]
    ) -> AsyncGenerationStream:
        """As `generate`, in chunks as they come."""
        fields = {"prompt": prompt, "suffix": suffix}
        return AsyncGenerationStream(self, _requests.post("/generate/stream", fields, settings))

    async def generate_batch(
        self, prompts: Sequence[str], **settings: Unpack[Settings]
    ) -> list[Completion | SFM2Error]:
        """Answers in the order of the prompts. One that fails has its error in its place, which is not raised."""
        call = _requests.post("/generate/batch", {"prompts": _requests.prompts_of(prompts)}, settings)
        return _responses.batch_items(_responses.parse(await self._send(call), Batch))

    async def complete(
        self,
        prefix: str,
        suffix: str = "",
        *,
        path: str | None = None,
        context: Sequence[Snippet | Mapping[str, str]] = (),
        time_limit: float | None = None,
        **settings: Unpack[Settings],
    ) -> Completion:
        """What belongs between `prefix` and `suffix`; `path` is the file's name, which tells the language. `context` is code
        of other files, the most telling last; after `time_limit` seconds the completion ends with its line."""
        fields = {"prefix": prefix, "suffix": suffix, "path": path, "time_limit": time_limit}
        more = {"context": _requests.snippets(context)}
        return await self._answer(_requests.post("/complete", fields | more, settings), Completion)

    async def explain(
        self,
        code: str,
        *,
        language: str | None = None,
        max_length: int | None = None,
        use_fallback: bool | None = None,
    ) -> Explanation:
        """What `code` does, in words."""
        fields = {"language": language, "max_length": max_length, "use_fallback": use_fallback}
        return await self._answer(_requests.post("/explain", {"code": code, **fields}, {}), Explanation)

    async def feedback(self, completion_id: str, outcome: Outcome | str) -> None:
        """Say what became of a completion (its `id`): "accepted", "edited" or "rejected"; again replaces what was said.

        Raises `NotFoundError` where this key has no such completion of the last 30 days.
        """
        _responses.check(await self._send(_requests.feedback(completion_id, outcome)))

    async def health_check(self) -> Health:
        """How the server and its models are; also when that is not well. Reads like a dict: `health["status"]`."""
        return _responses.parse_health(await self._send(_requests.HEALTH), Health)

    async def stats(self) -> Stats:
        """The server's counters. Reads like a dict."""
        return _responses.parse(await self._send(_requests.STATS), Stats)

    async def aclose(self) -> None:
        """Let the connections go. Again is harmless."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _answer(self, call: Call, kind: type[A]) -> A:
        cache = self._options.cache
        if cache is None:
            return _responses.parse(await self._send(call), kind)
        key = key_of(self._options.url, self._options.api_key, call)
        answer: A | None = cache.get(key)
        if answer is None:
            answer = _responses.parse(await self._send(call), kind)
            if not answer.fallback:  # what stood in for a backend that failed is not worth keeping
                cache.put(key, answer)
        return answer

    async def _send(self, call: Call, *, stream: bool = False) -> httpx.Response:
        """A response, whatever its status, after as many tries as are safe. Raises `APIConnectionError`."""
        policy, attempt = self._options.policy, 0
        while True:
            try:
                response = await self._http.send(self._request(call), stream=stream, follow_redirects=False)
            except httpx.HTTPError as error:
                wait = policy.after_error(attempt, error, call.repeatable)
                if wait is None:
                    raise _responses.from_httpx(error, self._options.shown) from error
            else:
                wait = policy.after_response(attempt, response, call.repeatable)
                if wait is None or response.status_code in call.answers:
                    return response
                await response.aclose()
            await asyncio.sleep(wait)
            attempt += 1

    def _request(self, call: Call) -> httpx.Request:
        return self._http.build_request(
            call.method,
            self._options.url + call.path,
            content=call.content(),
            headers={**self._options.headers(), **call.headers()},
            timeout=self._options.httpx_timeout(),
        )
