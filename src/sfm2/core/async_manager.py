"""ModelManager for asyncio: a request goes in, the chain answers, a completion comes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload
from uuid import uuid4

import sfm2
from sfm2.backends.base import Ask, Backend, Piece, Status
from sfm2.completer import Answer, Question
from sfm2.config import Settings, load
from sfm2.core import registry
from sfm2.core.breaker import Breaker
from sfm2.core.chain import Chain, Trail
from sfm2.core.confidence import Calibrations, calibrations_folder
from sfm2.core.reading import Reader, Reading, better, estimate, once_more, read, read_once
from sfm2.core.resolve import ask_for, ask_to_chat, ask_to_explain
from sfm2.errors import InvalidRequestError, PayloadTooLargeError, SFM2Error
from sfm2.requests import batch_item, batch_request, build, error_body, generate_request, split_choices
from sfm2.types import (
    BackendStatus,
    Batch,
    BatchRequest,
    ChatRequest,
    Choice,
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
_CAN_ANSWER = (BackendStatus.AVAILABLE, BackendStatus.CONFIGURED)
_KNOWN_BACKENDS = ("sfm2", "gpt2_lora", "openai")


class AsyncModelManager:
    """The fallback chain and what is around it. Build it, `start()` it, `aclose()` it; or use it in `async with`.

    `backends` replaces the chain's, for tests and for embedding. `patient` requests wait while the first backend loads;
    others fall through the chain meanwhile. All methods raise classes of `sfm2.errors` only.
    """

    def __init__(
        self, settings: Settings | None = None, backends: Sequence[Backend] | None = None, *, patient: bool = False
    ) -> None:
        self._settings = settings or load().settings
        self._patient = patient
        fallback = self._settings.fallback
        self._chain = Chain(
            registry.build(self._settings) if backends is None else backends,
            lambda: Breaker(fallback.failures, fallback.recovery),
            self._settings.generation.timeout,
        )
        self._calibrations = Calibrations(calibrations_folder(self._settings.storage.cache_dir))

    @property
    def settings(self) -> Settings:
        return self._settings

    async def start(self) -> None:
        """Begin to load what needs loading, and return at once."""
        await asyncio.gather(*(backend.start() for backend in self._chain.backends))

    async def aclose(self) -> None:
        """Stop what runs; no child process outlives this."""
        await asyncio.gather(*(backend.aclose() for backend in self._chain.backends))

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

    async def _complete(self, request: GenerateRequest | CompleteRequest, only: str | None = None) -> Completion:
        """`only` names the backend to ask."""
        started = time.perf_counter()
        ask = ask_for(request, self._settings)
        trail = Trail()
        only = only or self._only(request.use_fallback)
        await self._wait_for_weights()
        answers = await _together([self._read(one, trail, only) for one in _choices(ask, request.n or 1)])
        (name, best), *others = sorted(answers, key=lambda answer: -self._confidence(answer[1]))
        return self._completion(ask, name, best, trail, started, [reading for _, reading in others])

    async def stream(self, request: GenerateRequest | CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]:
        """Chunks as they come, then the whole `Completion`. Closing it stops the work."""
        started = time.perf_counter()
        if (request.n or 1) > 1:
            raise InvalidRequestError(f"n: a stream carries one completion, not {request.n}")
        ask = ask_for(request, self._settings, interactive=True)
        trail = Trail()
        name, reader, coming = await self._open(ask, trail, request.use_fallback)
        async with aclosing(coming) as chunks:
            async for chunk in chunks:
                yield chunk
        reading = reader.result()
        if reading.useless and ask.guard and not reader.shown:
            reading = await self._read_again(ask, name, reading)
            if reading.text:
                yield Chunk(text=reading.text, logprobs=reading.logprobs if ask.logprobs else None)
        yield self._completion(ask, name, reading, trail, started, [])

    async def submit_all(self, requests: Sequence[GenerateRequest | CompleteRequest]) -> list[Completion]:
        """All at once; the first that fails fails all."""
        return await _together([self.submit(request) for request in requests])

    async def chat(self, request: ChatRequest) -> list[Reply]:
        """What comes next in a conversation, `n` times."""
        return await _together([self._said(one) for one in split_choices(request)])

    async def chat_stream(self, request: ChatRequest) -> AsyncGenerator[Chunk | Reply, None]:
        """Chunks as they come, then the whole `Reply`. Closing it stops the work."""
        if (request.n or 1) > 1:
            raise InvalidRequestError(f"n: a stream carries one reply, not {request.n}")
        async with aclosing(self._saying(request, interactive=True)) as saying:
            async for item in saying:
                yield item

    async def _batch(self, request: BatchRequest) -> Batch:
        """Each prompt on its own: one that fails has its error in its place."""
        limit = self._settings.limits.max_batch
        if len(request.prompts) > limit:
            raise PayloadTooLargeError(f"the batch has {len(request.prompts):,} prompts; at most {limit:,} are allowed")
        return Batch(results=await _together([self._submit_item(request, prompt) for prompt in request.prompts]))

    async def _explain(self, request: ExplainRequest) -> Explanation:
        """What a piece of code does, by the model's chat form."""
        started = time.perf_counter()
        ask = ask_to_explain(request, self._settings)
        trail = Trail()
        await self._wait_for_weights()
        name, reading = await self._read(ask, trail, self._only(request.use_fallback))
        return Explanation(
            explanation=reading.text.strip(),
            model_used=name,
            processing_time=time.perf_counter() - started,
            finish_reason=reading.finish_reason,
            tokens=reading.tokens,
            fallback=trail.attempts,
        )

    async def health(self) -> Health:
        """How each backend is, and the reason in words one can act on."""
        backends = self._chain.backends
        found = dict(zip((b.name for b in backends), await _together([b.status() for b in backends]), strict=True))
        absent = Status(BackendStatus.NOT_CONFIGURED, "not in fallback.chain")
        statuses = {name: found.get(name, absent) for name in dict.fromkeys((*_KNOWN_BACKENDS, *found))}
        return Health(
            status=_overall([found[backend.name].status for backend in backends]),
            model_status={name: status.status for name, status in statuses.items()},
            model_details={name: status.reason for name, status in statuses.items()},
            timestamp=datetime.now(UTC),
            version=sfm2.__version__,
        )

    # The same with plain arguments, as in the API reference.

    async def check_health(self) -> dict[str, str]:
        """The status of each backend by name: available, loading, unavailable, configured or not_configured."""
        return {name: str(status) for name, status in (await self.health()).model_status.items()}

    async def generate(self, prompt: str, **settings: Any) -> Completion:
        """A completion of `prompt`; the settings are the fields of `GenerateRequest`."""
        return await self.submit(generate_request(prompt, settings))

    async def generate_with_sfm2(self, prompt: str, **settings: Any) -> Completion:
        """As `generate`, by SFM-2 or not at all."""
        return await self._complete(generate_request(prompt, settings), only="sfm2")

    async def generate_stream(self, prompt: str, **settings: Any) -> AsyncGenerator[Chunk, None]:
        """The completion in chunks, as it is made."""
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

    async def _submit_item(self, batch: BatchRequest, prompt: Any) -> Completion | ErrorBody:
        try:
            return await self.submit(batch_item(batch, prompt))
        except SFM2Error as error:
            return error_body(error)

    async def _saying(self, request: ChatRequest, interactive: bool) -> AsyncGenerator[Chunk | Reply, None]:
        """Read as a stream also for who does not watch: the time limit is for each piece then, not for a long reply."""
        started = time.perf_counter()
        ask = ask_to_chat(request, self._settings, interactive)
        trail = Trail()
        name, reader, coming = await self._open(ask, trail, request.use_fallback)
        async with aclosing(coming) as chunks:
            async for chunk in chunks:
                yield chunk
        reading = reader.result()
        yield Reply(
            text=reading.text,
            model_used=name,
            adapter=reading.adapter,
            processing_time=time.perf_counter() - started,
            finish_reason=reading.finish_reason,
            tokens=reading.tokens,
            fallback=trail.attempts,
            logprobs=reading.logprobs if ask.logprobs else None,
        )

    async def _said(self, request: ChatRequest) -> Reply:
        async with aclosing(self._saying(request, interactive=False)) as saying:
            return [item async for item in saying if isinstance(item, Reply)][-1]

    async def _open(
        self, ask: Ask, trail: Trail, use_fallback: bool
    ) -> tuple[str, Reader, AsyncGenerator[Chunk, None]]:
        """Who answers, what reads it, and the chunks as they come; when they have, the reader has the result."""
        await self._wait_for_weights()
        name, pieces = await self._chain.open(ask, trail, self._only(use_fallback))
        reader = Reader(ask)
        return name, reader, _chunks(reader, pieces, ask)

    async def _read(self, ask: Ask, trail: Trail, only: str | None) -> tuple[str, Reading]:
        least = self._settings.fallback.min_confidence if ask.kind == "code" else None
        rank = None if least is None else (lambda reading: self._confidence(reading) - least)
        return await self._chain.collect(lambda opener: read(opener, ask), trail, only, rank)

    async def _read_again(self, ask: Ask, name: str, first: Reading) -> Reading:
        """Another try by the backend of a stream that has shown nothing."""
        try:
            _, second = await self._chain.collect(lambda opener: read_once(opener, once_more(ask)), Trail(), name)
        except SFM2Error:
            return first
        return better(first, second)

    def _confidence(self, reading: Reading) -> float:
        return estimate(reading, self._calibrations).value

    def _completion(
        self, ask: Ask, backend: str, reading: Reading, trail: Trail, started: float, others: list[Reading]
    ) -> Completion:
        sure = estimate(reading, self._calibrations)
        return Completion(
            id=uuid4().hex,
            generated_code=ask.prefix + reading.text,
            completion=reading.text,
            model_used=backend,
            weights=reading.weights,
            adapter=reading.adapter,
            confidence=sure.value,
            calibrated=sure.calibrated,
            processing_time=time.perf_counter() - started,
            prompt_time=reading.prompt_seconds,
            finish_reason=reading.finish_reason,
            tokens=reading.tokens,
            fallback=trail.attempts,
            guard=reading.guard,
            features=reading.features,
            logprobs=reading.logprobs if ask.logprobs else None,
            alternatives=[self._choice(ask, other) for other in others],
        )

    def _choice(self, ask: Ask, reading: Reading) -> Choice:
        return Choice(
            logprobs=reading.logprobs if ask.logprobs else None,
            completion=reading.text,
            confidence=self._confidence(reading),
            finish_reason=reading.finish_reason,
            tokens=reading.tokens,
            guard=reading.guard,
        )

    async def _wait_for_weights(self) -> None:
        if self._patient:
            await self._chain.backends[0].ready()

    def _only(self, use_fallback: bool) -> str | None:
        return None if use_fallback else self._chain.backends[0].name


async def _together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first error cancels the rest and comes out as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _chunks(reader: Reader, pieces: AsyncGenerator[Piece, None], ask: Ask) -> AsyncGenerator[Chunk, None]:
    """What may be shown of a stream, as it comes. Leaves the reader finished."""
    async with aclosing(pieces):
        async for piece in pieces:
            if text := reader.feed(piece):
                yield Chunk(text=text, logprobs=reader.tokens() if ask.logprobs else None)
            if reader.ended:
                break
    text = reader.finish()
    tokens = reader.tokens() if ask.logprobs else None
    if text or tokens:
        yield Chunk(text=text, logprobs=tokens)


def _choices(ask: Ask, n: int) -> list[Ask]:
    """The asks for `n` completions: with a seed, each has its own, made from it."""
    if ask.seed is None:
        return [ask] * n
    return [replace(ask, seed=ask.seed + i) for i in range(n)]


def _overall(statuses: Sequence[BackendStatus]) -> Literal["healthy", "degraded", "unhealthy"]:
    """Healthy: the first of the chain can answer. Degraded: another one can, or the first is loading."""
    if statuses[0] in _CAN_ANSWER:
        return "healthy"
    if statuses[0] is BackendStatus.LOADING or any(status in _CAN_ANSWER for status in statuses):
        return "degraded"
    return "unhealthy"
