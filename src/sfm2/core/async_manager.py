"""ModelManager for asyncio: a request or a batch goes in, the chain answers, completions come out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from sfm2.backends.base import Backend
from sfm2.completer import Answer, Question
from sfm2.config import Settings, load
from sfm2.core import answers, registry
from sfm2.core.breaker import CircuitBreaker
from sfm2.core.chain import Chain
from sfm2.core.confidence import Calibrations, calibrations_folder
from sfm2.core.generator import CompletionGenerator
from sfm2.core.health import health_of
from sfm2.core.resolve import Resolved, resolve_chat, resolve_completion, resolve_explanation
from sfm2.errors import InvalidRequestError, PayloadTooLargeError, SFM2Error
from sfm2.requests import batch_item, batch_request, build, error_body, generate_request, split_choices
from sfm2.types import (
    Batch,
    BatchRequest,
    ChatRequest,
    Chunk,
    CompleteRequest,
    Completion,
    ErrorBody,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Health,
    Reply,
)

T = TypeVar("T")


class AsyncModelManager:
    """The fallback chain and what is around it. Build it, `start()` it, `aclose()` it; or use it in `async with`.

    `backends` replaces the chain's, for tests and for embedding. With `patient`, requests wait while the first backend
    loads; otherwise they fall through the chain meanwhile. All methods raise classes of `sfm2.errors` only.
    """

    def __init__(
        self, settings: Settings | None = None, backends: Sequence[Backend] | None = None, *, patient: bool = False
    ) -> None:
        self._settings = settings or load().settings
        self._patient = patient
        fallback, timeout = self._settings.fallback, self._settings.generation.timeout
        self._chain = Chain(
            registry.build(self._settings) if backends is None else backends,
            lambda: CircuitBreaker(fallback.failures, fallback.recovery),
            timeout,
        )
        calibrations = Calibrations(calibrations_folder(self._settings.storage.cache_dir))
        self._generator = CompletionGenerator(self._chain, calibrations, timeout)

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self._settings

    async def start(self) -> None:
        """Begin to load what needs loading, and return at once."""
        await self._chain.start()

    async def aclose(self) -> None:
        """Stop what runs; no child process outlives this."""
        await self._chain.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # Requests as they come over the wire.

    @overload
    async def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...
    @overload
    async def submit(self, request: ExplainRequest) -> Explanation: ...
    @overload
    async def submit(self, request: BatchRequest) -> Batch: ...
    @overload
    async def submit(self, request: Question) -> Answer: ...

    async def submit(self, request: Question) -> Answer:
        """The answer to a request. With `n`, the completion with the highest confidence has the others as `alternatives`."""
        if isinstance(request, BatchRequest):
            return await self._batch(request)
        if isinstance(request, ExplainRequest):
            return await self._explain(request)
        return await self._complete(request)

    async def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]:
        """Chunks as they arrive, then the whole `Completion`. Closing it stops the work."""
        started = time.perf_counter()
        if (request.n or 1) > 1:
            raise InvalidRequestError(f"n: a stream carries one completion, not {request.n}")
        resolved = resolve_completion(request, self._settings, streaming=True)
        await self._wait_for_weights()
        async with aclosing(self._generator.stream(*resolved, only=self._only(request.use_fallback))) as items:
            async for item in items:
                if isinstance(item, Chunk):
                    yield item
                else:
                    yield answers.completion(resolved, started, [(item, self._generator.confidence(item))])

    async def submit_all(self, requests: Sequence[GenerateRequest | CompleteRequest]) -> list[Completion]:
        """All at once; the first that fails fails all."""
        return await _together([self._complete(request) for request in requests])

    async def chat(self, request: ChatRequest) -> list[Reply]:
        """The next message of a conversation, `n` times."""
        return await _together([self._reply(one) for one in split_choices(request)])

    async def chat_stream(self, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
        """Chunks as they arrive, then the whole `Reply`. Closing it stops the work."""
        started = time.perf_counter()
        if (request.n or 1) > 1:
            raise InvalidRequestError(f"n: a stream carries one reply, not {request.n}")
        resolved = resolve_chat(request, self._settings, streaming=True)
        await self._wait_for_weights()
        async with aclosing(self._generator.stream(*resolved, only=self._only(request.use_fallback))) as items:
            async for item in items:
                yield item if isinstance(item, Chunk) else answers.reply(resolved, started, item)

    async def health(self) -> Health:
        """The state of the service and its backends."""
        backends = self._chain.backends
        found = await _together([backend.health() for backend in backends])
        return health_of({backend.name: health for backend, health in zip(backends, found, strict=True)})

    # The same with plain arguments, as in the API reference.

    async def check_health(self) -> dict[str, str]:
        """The status of each backend by name: available, loading, unavailable, configured or not_configured."""
        return {name: str(status) for name, status in (await self.health()).model_status.items()}

    async def generate(self, prompt: str, **settings: Any) -> Completion:
        """A completion of `prompt`; the settings are the fields of `GenerateRequest`."""
        return await self._complete(generate_request(prompt, settings))

    async def generate_with_sfm2(self, prompt: str, **settings: Any) -> Completion:
        """As `generate`, by SFM-2 or not at all."""
        return await self._complete(generate_request(prompt, settings), only="sfm2")

    async def generate_stream(self, prompt: str, **settings: Any) -> AsyncGenerator[Chunk, None]:
        """The completion in chunks, as they arrive."""
        async with aclosing(self.stream(generate_request(prompt, settings))) as stream:
            async for item in stream:
                if isinstance(item, Chunk):
                    yield item

    async def generate_batch(self, prompts: Sequence[str], **settings: Any) -> list[Completion | ErrorBody]:
        """Answers in the order of the prompts; a prompt that fails has an `ErrorBody` in its place."""
        return (await self.submit(batch_request(prompts, settings))).results

    async def complete(self, prefix: str, suffix: str = "", **settings: Any) -> Completion:
        """What belongs between `prefix` and `suffix`; the settings are the fields of `CompleteRequest`."""
        return await self.submit(build(CompleteRequest, {"prefix": prefix, "suffix": suffix, **settings}))

    async def explain(self, code: str, **settings: Any) -> Explanation:
        """What `code` does, in words; the settings are the fields of `ExplainRequest`."""
        return await self.submit(build(ExplainRequest, {"code": code, **settings}))

    async def _complete(self, request: GenerateRequest | CompleteRequest, only: str | None = None) -> Completion:
        """`only` names the backend to ask."""
        started = time.perf_counter()
        resolved = resolve_completion(request, self._settings)
        only = only or self._only(request.use_fallback)
        await self._wait_for_weights()
        collecting = [self._generator.collect(*one, only) for one in _choices(resolved, request.n or 1)]
        rated = [(result, self._generator.confidence(result)) for result in await _together(collecting)]
        return answers.completion(resolved, started, sorted(rated, key=lambda one: -one[1].value))

    async def _batch(self, request: BatchRequest) -> Batch:
        """Each prompt on its own: one that fails has its error in its place."""
        limit = self._settings.limits.max_batch
        if len(request.prompts) > limit:
            raise PayloadTooLargeError(f"the batch has {len(request.prompts):,} prompts; at most {limit:,} are allowed")
        return Batch(results=await _together([self._batch_item(request, prompt) for prompt in request.prompts]))

    async def _batch_item(self, batch: BatchRequest, prompt: Any) -> Completion | ErrorBody:
        try:
            return await self._complete(batch_item(batch, prompt))
        except SFM2Error as error:
            return error_body(error)

    async def _explain(self, request: ExplainRequest) -> Explanation:
        started = time.perf_counter()
        resolved = resolve_explanation(request, self._settings)
        await self._wait_for_weights()
        return answers.explanation(started, await self._generator.collect(*resolved, self._only(request.use_fallback)))

    async def _reply(self, request: ChatRequest) -> Reply:
        started = time.perf_counter()
        resolved = resolve_chat(request, self._settings)
        await self._wait_for_weights()
        result = await self._generator.collect(*resolved, self._only(request.use_fallback))
        return answers.reply(resolved, started, result)

    async def _wait_for_weights(self) -> None:
        if self._patient:
            await self._chain.ready()

    def _only(self, use_fallback: bool) -> str | None:
        return None if use_fallback else self._chain.backends[0].name


async def _together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first error cancels the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _choices(resolved: Resolved, n: int) -> list[Resolved]:
    """`n` times the same; with a seed, each has its own, derived from it."""
    request, seed = resolved.request, resolved.request.sampling.seed
    if seed is None:
        return [resolved] * n
    return [
        resolved._replace(request=replace(request, sampling=replace(request.sampling, seed=seed + i))) for i in range(n)
    ]
