"""The one road to a completion: chain, assembler, one retry, and the confidence that decides whether to ask further.

Every answer is a stream. Whole completions, batches and several choices collect it. What nobody has seen yet may be
replaced: by a second look, with code of the repository that the first draft points to; by another try; or by the next
backend.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import NamedTuple

from sfm2 import tracing
from sfm2.core.assembler import StreamAssembler
from sfm2.core.chain import Chain, is_past
from sfm2.core.confidence import Calibrations, Estimate
from sfm2.core.policy import OutputPolicy
from sfm2.core.result import GenerationResult, better, with_tokens_of
from sfm2.core.retrying import retry_request
from sfm2.core.second_look import SecondLook, alone
from sfm2.core.seen import Seen
from sfm2.core.syntax_threads import SyntaxThread, SyntaxThreads
from sfm2.core.trace import FallbackTrace
from sfm2.errors import (
    APITimeoutError,
    BackendError,
    BackendTimeoutError,
    InvalidRequestError,
    ModelUnavailableError,
    RequestTimeoutError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import Chunk


class _Draft(NamedTuple):
    """A chunk of a stream before it is shown."""

    chunk: Chunk
    unsure: bool
    backend: str


class CompletionGenerator:
    """`timeout`: seconds that a completion and its retry have together. `threads`: where completions are judged."""

    def __init__(
        self,
        chain: Chain,
        calibrations: Calibrations,
        timeout: float,
        threads: SyntaxThreads,
        second_look: SecondLook,
    ) -> None:
        self._chain = chain
        self._calibrations = calibrations
        self._timeout = timeout
        self._threads = threads
        self._second_look = second_look

    async def stream(
        self, request: GenerationRequest, policy: OutputPolicy, only: str | None = None
    ) -> AsyncGenerator[Chunk | GenerationResult, None]:
        """Chunks as they arrive when the request is streaming, then the result. `only` names the one backend to ask.

        Raises what the chain raises. Closing the generator stops the work.
        """
        trace, deadline = FallbackTrace(), self._deadline(request)
        shown, held = Seen(), None  # whether the rest waits for a second look; None: nothing unsure has come yet
        async with aclosing(self._first(alone(request, policy), policy, trace, only, shown=shown)) as items:
            async for item in items:
                if isinstance(item, _Draft):
                    if held is None and item.unsure:
                        held = await self._may_improve(request, policy, item)
                    if not held:
                        shown.add(item.chunk)
                        yield item.chunk
                    continue
                fixed = shown.text and not held
                result = item if fixed else await self._improved(request, policy, item, trace, deadline, only, shown)
                confidence = self.confidence(result).value if policy.judges(request) else None
                last = shown.rest_of(result, logprobs=policy.logprobs, confidence=confidence)
                if request.streaming and (last.text or last.logprobs):
                    yield last
                yield replace(result, attempts=tuple(trace.attempts))

    async def collect(
        self, request: GenerationRequest, policy: OutputPolicy, only: str | None = None
    ) -> GenerationResult:
        """The result alone."""
        async with aclosing(self.stream(request, policy, only)) as items:
            return [item async for item in items if isinstance(item, GenerationResult)][-1]

    def confidence(self, result: GenerationResult) -> Estimate:
        """How likely the completion is right; no text is never right."""
        if not result.text.strip():
            return Estimate(0.0, calibrated=False)
        return self._calibrations.estimate(result.features, result.weights, as_fitted=result.as_fitted)

    async def _first(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        trace: FallbackTrace,
        only: str | None,
        after: str | None = None,
        shown: Seen | None = None,
    ) -> AsyncGenerator[_Draft | GenerationResult, None]:
        """Chunks as they arrive when the request is streaming, without the last one; then the result.

        It is of the first backend after `after` that answers, and has something to show for the time that it took. As
        long as nothing is `shown` by who reads this, the next backend may take over.
        """
        thread = self._threads.for_text(len(request.prefix) + len(request.suffix), policy.parsing)
        while True:
            assembler = StreamAssembler(request, policy)
            stream = self._chain.stream(request, trace=trace, only=only, after=after)
            try:
                async with aclosing(stream):
                    async for token_chunk in stream:
                        if policy.hears is not None:
                            policy.hears(token_chunk.text, token_chunk.backend is not None)
                        text = await _fed(assembler, token_chunk, thread)
                        if text and request.streaming:
                            yield self._draft(text, assembler, request, policy)
                        if assembler.ended:
                            break
                with tracing.measured("guard"):
                    result = await thread.run(_finished, assembler)
                if result.text.strip() or not assembler.timed_out or (shown is not None and shown.text):
                    yield result
                    return
                error: BackendError = self._nothing_to_show(request)
            except BackendError as failure:
                if shown is not None and shown.text:
                    raise
                error = failure
            trace.failed(assembler.backend, error)
            after = assembler.backend

    async def _improved(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        result: GenerationResult,
        trace: FallbackTrace,
        deadline: float,
        only: str | None,
        shown: Seen,
    ) -> GenerationResult:
        """`result`, or a better one where another try may give it, which begins with what was shown."""
        whole = replace(request, streaming=False)
        result = await self._looked_again(whole, policy, result, deadline, shown)
        if shown.text:
            return result
        if result.retry_worthwhile:
            result = await self._retried(whole, policy, result, trace, deadline, only)
        if policy.min_confidence is not None and only is None:
            result = await self._confident(whole, policy, policy.min_confidence, result, trace)
        return result

    async def _looked_again(
        self, request: GenerationRequest, policy: OutputPolicy, first: GenerationResult, deadline: float, shown: Seen
    ) -> GenerationResult:
        """The surer of `first` and what its backend writes when it knows more of the repository."""
        if first.finish_reason == "time" or not self.confidence(first).is_unsure:
            return first
        informed = await self._second_look.informed(request, policy, first.text)
        if informed is None or not self._chain.reads_excerpts(first.backend):
            return first
        try:
            async with asyncio.timeout_at(deadline):
                second = await self._result(informed, policy, FallbackTrace(), only=first.backend)
        except (TimeoutError, APITimeoutError, ModelUnavailableError, InvalidRequestError):
            return first
        surer = shown.goes_on_with(second) and self.confidence(second).value > self.confidence(first).value
        return with_tokens_of(first, second) if surer else with_tokens_of(second, first)

    async def _may_improve(self, request: GenerationRequest, policy: OutputPolicy, draft: _Draft) -> bool:
        if not draft.unsure or not self._chain.reads_excerpts(draft.backend):
            return False
        return await self._second_look.informed(request, policy, draft.chunk.text) is not None

    async def _retried(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        first: GenerationResult,
        trace: FallbackTrace,
        deadline: float,
        only: str | None,
    ) -> GenerationResult:
        """The better of `first` and another try by its backend; if that fails and there is no text, the next backend's."""
        retry_trace = FallbackTrace()
        try:
            async with asyncio.timeout_at(deadline):
                second = await self._result(retry_request(request), policy, retry_trace, only=first.backend)
        except (TimeoutError, APITimeoutError):
            return first
        except (ModelUnavailableError, InvalidRequestError):
            if first.text:
                return first
            trace.extend(retry_trace)
            return await self._answered(request, policy, trace, only=only, after=first.backend)
        return better(first, second)

    async def _confident(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        least: float,
        first: GenerationResult,
        trace: FallbackTrace,
    ) -> GenerationResult:
        """The first result down the chain with a confidence of at least `least`; without one, the best there is."""
        found = [first]
        while self.confidence(found[-1]).value < least:
            trace.unsure(found[-1].backend)
            try:
                found.append(await self._answered(request, policy, trace, after=found[-1].backend))
            except (ModelUnavailableError, InvalidRequestError, APITimeoutError):
                break
        best = max(found, key=lambda result: self.confidence(result).value)
        trace.preferred(best.backend)
        return best

    async def _answered(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        trace: FallbackTrace,
        *,
        only: str | None = None,
        after: str | None = None,
    ) -> GenerationResult:
        """The result of the first backend after `after` that answers, with a retry where it is worthwhile."""
        deadline = self._deadline(request)
        result = await self._result(request, policy, trace, only=only, after=after)
        if result.retry_worthwhile:
            result = await self._retried(request, policy, result, trace, deadline, only)
        return result

    async def _result(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        trace: FallbackTrace,
        *,
        only: str | None = None,
        after: str | None = None,
    ) -> GenerationResult:
        async with aclosing(self._first(request, policy, trace, only, after)) as items:
            return [item async for item in items if isinstance(item, GenerationResult)][-1]

    def _deadline(self, request: GenerationRequest) -> float:
        ours = asyncio.get_running_loop().time() + self._timeout
        return ours if request.deadline is None else min(ours, request.deadline)

    def _nothing_to_show(self, request: GenerationRequest) -> BackendTimeoutError:
        if is_past(request.deadline):
            return RequestTimeoutError("nothing to show within the time of the request")
        return BackendTimeoutError(f"nothing to show after {self._timeout:g} s")

    def _draft(self, text: str, assembler: StreamAssembler, request: GenerationRequest, policy: OutputPolicy) -> _Draft:
        logprobs = assembler.take_tokens() if policy.logprobs else None
        if not policy.judges(request):
            return _Draft(Chunk(text=text, logprobs=logprobs), False, assembler.backend)
        found = self._calibrations.estimate(assembler.features_so_far(), assembler.weights, as_fitted=False)
        return _Draft(Chunk(text=text, confidence=found.value, logprobs=logprobs), found.is_unsure, assembler.backend)


async def _fed(assembler: StreamAssembler, chunk: TokenChunk, thread: SyntaxThread) -> str:
    """What may be shown by now. To change threads takes a tenth of a millisecond, which few chunks are worth."""
    return await thread.run(assembler.feed, chunk) if assembler.is_work(chunk) else assembler.feed(chunk)


def _finished(assembler: StreamAssembler) -> GenerationResult:
    assembler.finish()
    return assembler.result()
