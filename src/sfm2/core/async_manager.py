"""ModelManager for asyncio: a request or a batch goes in, the chain answers, completions come out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from sfm2.backends.base import Backend
from sfm2.breaker import CircuitBreaker
from sfm2.completer import ANYBODY, Answer, Asker, Question, Streamable
from sfm2.config import Settings, load
from sfm2.core import answers, registry
from sfm2.core.batch import Batches
from sfm2.core.chain import Chain
from sfm2.core.confidence import Calibrations, calibrations_folder
from sfm2.core.generator import CompletionGenerator
from sfm2.core.health import health_of
from sfm2.core.repositories import Repositories
from sfm2.core.resolve import (
    Resolve,
    Resolved,
    choices,
    code_size,
    resolve_chat,
    resolve_completion,
    resolve_explanation,
)
from sfm2.core.result import GenerationResult
from sfm2.core.second_look import SecondLook
from sfm2.core.syntax_threads import SyntaxThreads
from sfm2.core.together import together
from sfm2.errors import InvalidRequestError
from sfm2.generation import Priority
from sfm2.requests import batch_request, build, generate_request, split_choices
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.recognition import Recognised, recognise
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

Q = TypeVar("Q", bound=Streamable | ChatRequest, contravariant=True)
S = TypeVar("S", bound=Streamable | ChatRequest)
W = TypeVar("W", Completion, Explanation, Reply)


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
        backends = registry.build(self._settings) if backends is None else backends
        self._chain = Chain(backends, lambda: CircuitBreaker(fallback.failures, fallback.recovery), timeout)
        self.loads = self._chain.loads
        """How much the engine of each backend has to do now"""
        self.variant = self._chain.variant
        """What answers depend on besides request and settings: other weights or adapters give another one"""
        self._threads = SyntaxThreads()
        self._repositories = Repositories(self._settings)
        calibrations = Calibrations(calibrations_folder(self._settings.storage.cache_dir))
        look = SecondLook(self._repositories, self._threads)
        self._generator = CompletionGenerator(self._chain, calibrations, timeout, self._threads, look)
        self._batches = Batches(self._settings.limits.max_batch, timeout)

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self._settings

    async def start(self) -> None:
        """Begin to load what needs loading, and return at once."""
        await self._threads.start()
        await self._chain.start()

    async def aclose(self) -> None:
        """Stop what runs; no child process outlives this."""
        await self._chain.aclose()
        await self._repositories.aclose()
        self._threads.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # Requests as they come over the wire.

    @overload
    async def submit(self, request: GenerateRequest | CompleteRequest, asker: Asker = ANYBODY) -> Completion: ...
    @overload
    async def submit(self, request: ExplainRequest, asker: Asker = ANYBODY) -> Explanation: ...
    @overload
    async def submit(self, request: BatchRequest, asker: Asker = ANYBODY) -> Batch: ...
    @overload
    async def submit(self, request: Question, asker: Asker = ANYBODY) -> Answer: ...

    async def submit(self, request: Question, asker: Asker = ANYBODY) -> Answer:
        """The answer to a request. With `n`, the completion with the highest confidence has the others as `alternatives`."""
        if isinstance(request, BatchRequest):
            return await self._batch(request, asker)
        if isinstance(request, ExplainRequest):
            return await self._explain(request, asker)
        return await self._complete(request, asker=asker)

    @overload
    def stream(
        self, request: GenerateRequest | CompleteRequest, asker: Asker = ANYBODY
    ) -> AsyncGenerator[Chunk | Completion, None]: ...
    @overload
    def stream(self, request: ExplainRequest, asker: Asker = ANYBODY) -> AsyncGenerator[Chunk | Explanation, None]: ...
    @overload
    def stream(
        self, request: Streamable, asker: Asker = ANYBODY
    ) -> AsyncGenerator[Chunk | Completion | Explanation, None]: ...

    def stream(self, request: Streamable, asker: Asker = ANYBODY) -> AsyncGenerator[Any, None]:
        """Chunks as they arrive, then the answer. Closing it stops the work."""
        if isinstance(request, ExplainRequest):
            return self._streamed(request, resolve_explanation, answers.explanation, asker)
        return self._streamed(request, resolve_completion, partial(self._completion, request), asker)

    async def submit_all(
        self, requests: Sequence[GenerateRequest | CompleteRequest], asker: Asker = ANYBODY
    ) -> list[Completion]:
        """All at once; the first that fails fails all."""
        return await together([self._complete(request, asker=asker) for request in requests])

    async def chat(self, request: ChatRequest, asker: Asker = ANYBODY) -> list[Reply]:
        """The next message of a conversation, `n` times."""
        return await together([self._reply(one, asker) for one in split_choices(request)])

    def chat_stream(self, request: ChatRequest, asker: Asker = ANYBODY) -> AsyncGenerator[Chunk | Reply, None]:
        """Chunks as they arrive, then the whole `Reply`. Closing it stops the work."""
        return self._streamed(request, resolve_chat, answers.reply, asker)

    async def health(self) -> Health:
        """The state of the service and its backends."""
        return health_of(await self._chain.healths())

    async def recognise(self, code: str, path: str | None = None) -> Recognised:
        """The language of code: by its file's name, by what it says itself, else by its looks."""
        time = ParsingTime()
        return await self._threads.for_text(len(code), time).run(recognise, code, path=path, time=time)

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

    def generate_stream(self, prompt: str, **settings: Any) -> AsyncGenerator[Chunk, None]:
        """The completion in chunks, as they arrive."""
        return self._only_chunks(lambda: generate_request(prompt, settings))

    async def generate_batch(self, prompts: Sequence[str], **settings: Any) -> list[Completion | ErrorBody]:
        """Answers in the order of the prompts; a prompt that fails has an `ErrorBody` in its place."""
        return (await self.submit(batch_request(prompts, settings))).results

    async def complete(self, prefix: str, suffix: str = "", **settings: Any) -> Completion:
        """What belongs between `prefix` and `suffix`; the settings are the fields of `CompleteRequest`."""
        return await self.submit(build(CompleteRequest, {"prefix": prefix, "suffix": suffix, **settings}))

    def complete_stream(self, prefix: str, suffix: str = "", **settings: Any) -> AsyncGenerator[Chunk, None]:
        """As `complete`, in chunks as they arrive."""
        return self._only_chunks(lambda: build(CompleteRequest, {"prefix": prefix, "suffix": suffix, **settings}))

    async def explain(self, code: str, **settings: Any) -> Explanation:
        """What `code` does, in words; the settings are the fields of `ExplainRequest`."""
        return await self.submit(build(ExplainRequest, {"code": code, **settings}))

    def explain_stream(self, code: str, **settings: Any) -> AsyncGenerator[Chunk, None]:
        """As `explain`, in chunks as they arrive."""
        return self._only_chunks(lambda: build(ExplainRequest, {"code": code, **settings}))

    async def _complete(
        self,
        request: GenerateRequest | CompleteRequest,
        only: str | None = None,
        priority: Priority | None = None,
        asker: Asker = ANYBODY,
    ) -> Completion:
        """`only` names the backend to ask."""
        started = time.perf_counter()
        resolved = await self._resolved(resolve_completion, request, asker)
        if priority is not None:
            resolved = resolved._replace(request=replace(resolved.request, priority=priority))
        only = only or await self._only(request)
        collecting = [self._generator.collect(*one, only) for one in choices(resolved, request.n or 1)]
        rated = [(result, self._generator.confidence(result)) for result in await together(collecting)]
        return answers.completion(request, resolved, started, sorted(rated, key=lambda one: -one[1].value))

    async def _batch(self, request: BatchRequest, asker: Asker) -> Batch:
        """Each prompt on its own."""
        complete = partial(self._complete, priority=Priority.BATCH, asker=asker)
        return await self._batches.answered(request, complete, asker.deadline)

    async def _explain(self, request: ExplainRequest, asker: Asker) -> Explanation:
        started = time.perf_counter()
        resolved = await self._resolved(resolve_explanation, request, asker)
        result = await self._generator.collect(*resolved, await self._only(request))
        return answers.explanation(resolved, started, result)

    async def _reply(self, request: ChatRequest, asker: Asker) -> Reply:
        started = time.perf_counter()
        resolved = await self._resolved(resolve_chat, request, asker)
        result = await self._generator.collect(*resolved, await self._only(request))
        return answers.reply(resolved, started, result)

    async def _streamed(
        self,
        request: S,
        resolve: Resolve[S],
        answer: Callable[[Resolved, float, GenerationResult], W],
        asker: Asker,
    ) -> AsyncGenerator[Chunk | W, None]:
        """Chunks, then what `answer` makes of the result."""
        started = time.perf_counter()
        n = 1 if isinstance(request, ExplainRequest) else request.n or 1
        if n > 1:
            raise InvalidRequestError(f"n: a stream carries one answer, not {n}")
        resolved = await self._resolved(resolve, request, asker, streaming=True)
        only = await self._only(request)
        async with aclosing(self._generator.stream(*resolved, only=only)) as items:
            async for item in items:
                yield item if isinstance(item, Chunk) else answer(resolved, started, item)

    async def _only_chunks(self, request: Callable[[], Streamable]) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self.stream(request())) as items:
            async for item in items:
                if isinstance(item, Chunk):
                    yield item

    def _completion(
        self,
        request: GenerateRequest | CompleteRequest,
        resolved: Resolved,
        started: float,
        result: GenerationResult,
    ) -> Completion:
        return answers.completion(request, resolved, started, [(result, self._generator.confidence(result))])

    async def _resolved(self, resolve: Resolve[Q], request: Q, asker: Asker, *, streaming: bool = False) -> Resolved:
        time = ParsingTime()
        thread = self._threads.for_text(code_size(request), time)
        resolved = await thread.run(resolve, request, self._settings, streaming=streaming, time=time)
        await self._wait_for_weights()
        asked = replace(resolved.request, deadline=asker.deadline, owner=asker.key)
        policy = replace(resolved.policy, key=asker.key, hears=asker.hears)
        return Resolved(asked, self._repositories.judged(asked, policy))

    async def _wait_for_weights(self) -> None:
        if self._patient:
            await self._chain.ready()

    async def _only(self, request: GenerateRequest | CompleteRequest | ExplainRequest | ChatRequest) -> str | None:
        """The one backend to ask; None: any of the chain."""
        if request.model is not None:
            return await self._chain.named(request.model)
        return None if request.use_fallback else self._chain.backends[0].name
