"""The one road to a completion: chain, assembler, one retry, and the confidence that decides whether to ask further.

Every answer is a stream. Whole completions, batches and several choices collect it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from sfm2.core.assembler import StreamAssembler
from sfm2.core.chain import Chain
from sfm2.core.confidence import Calibrations, Estimate
from sfm2.core.policy import OutputPolicy
from sfm2.core.result import GenerationResult, better
from sfm2.core.trace import FallbackTrace
from sfm2.errors import ModelUnavailableError, PromptTooLongError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import Chunk

RETRY_TEMPERATURE = 0.3  # of the second try, at least: low, but not what came the first time


class CompletionGenerator:
    """`timeout`: seconds that a completion and its retry have together."""

    def __init__(self, chain: Chain, calibrations: Calibrations, timeout: float) -> None:
        self._chain = chain
        self._calibrations = calibrations
        self._timeout = timeout

    async def stream(
        self, request: GenerationRequest, policy: OutputPolicy, only: str | None = None
    ) -> AsyncGenerator[Chunk | GenerationResult, None]:
        """Chunks as they arrive when the request is streaming, then the result. `only` names the one backend to ask.

        Raises what the chain raises. Closing the generator stops the work.
        """
        trace, assembler = FallbackTrace(), StreamAssembler(request, policy)
        deadline = self._deadline()
        stream = self._chain.stream(request, trace=trace, only=only)
        async with aclosing(_assembled(stream, assembler, policy, show=request.streaming)) as chunks:
            async for chunk in chunks:
                yield chunk
        result = assembler.result()
        unseen = not (request.streaming and assembler.shown)
        if result.retry_worthwhile and unseen:
            result = await self._retried(request, policy, result, trace, deadline)
            if request.streaming and result.text:
                yield Chunk(text=result.text, logprobs=result.logprobs if policy.logprobs else None)
        if policy.min_confidence is not None and not request.streaming and only is None:
            result = await self._confident(request, policy, policy.min_confidence, result, trace)
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
        return self._calibrations.estimate(result.features, result.weights)

    async def _retried(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        first: GenerationResult,
        trace: FallbackTrace,
        deadline: float,
    ) -> GenerationResult:
        """The better of `first` and another try by its backend; if that fails and there is no text, the next backend's."""
        again, retry_trace = retry_request(request), FallbackTrace()
        try:
            async with asyncio.timeout_at(deadline):
                second = await self._result(again, policy, retry_trace, only=first.backend)
        except TimeoutError:
            return first
        except (ModelUnavailableError, PromptTooLongError):
            if first.text or request.streaming:
                return first
            trace.extend(retry_trace)
            return await self._result(request, policy, trace, after=first.backend)
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
                result = await self._result(request, policy, trace, after=found[-1].backend)
            except (ModelUnavailableError, PromptTooLongError):
                break
            if result.retry_worthwhile:
                result = await self._retried(request, policy, result, trace, self._deadline())
            found.append(result)
        best = max(found, key=lambda result: self.confidence(result).value)
        trace.preferred(best.backend)
        return best

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout

    async def _result(
        self,
        request: GenerationRequest,
        policy: OutputPolicy,
        trace: FallbackTrace,
        *,
        only: str | None = None,
        after: str | None = None,
    ) -> GenerationResult:
        assembler = StreamAssembler(request, policy)
        stream = self._chain.stream(request, trace=trace, only=only, after=after)
        async with aclosing(_assembled(stream, assembler, policy, show=False)) as chunks:
            async for _ in chunks:
                pass
        return assembler.result()


def retry_request(request: GenerationRequest) -> GenerationRequest:
    """The same hole in another prompt form, at a low temperature, with a seed of its own."""
    sampling = request.sampling
    return replace(
        request,
        retry=True,
        streaming=False,
        sampling=replace(
            sampling,
            temperature=max(sampling.temperature, RETRY_TEMPERATURE),
            seed=None if sampling.seed is None else sampling.seed + 1,
        ),
    )


async def _assembled(
    stream: AsyncGenerator[TokenChunk, None], assembler: StreamAssembler, policy: OutputPolicy, *, show: bool
) -> AsyncGenerator[Chunk, None]:
    """What may be shown of a stream, as it arrives; nothing without `show`. Leaves the assembler finished."""
    async with aclosing(stream):
        async for token_chunk in stream:
            if (text := assembler.feed(token_chunk)) and show:
                yield _chunk(text, assembler, policy)
            if assembler.ended:
                break
    last = _chunk(assembler.finish(), assembler, policy)
    if show and (last.text or last.logprobs):
        yield last


def _chunk(text: str, assembler: StreamAssembler, policy: OutputPolicy) -> Chunk:
    return Chunk(text=text, logprobs=assembler.take_tokens() if policy.logprobs else None)
