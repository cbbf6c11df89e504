"""From generation results to the answers on the wire. Pure, but for ids and the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import uuid4

from sfm2.core.confidence import Estimate, of_words
from sfm2.core.resolve import Resolved
from sfm2.core.result import GenerationResult
from sfm2.explaining import reading_of
from sfm2.types import (
    Choice,
    CodeFacts,
    CompleteRequest,
    Completion,
    Explanation,
    GenerateRequest,
    Reply,
    Source,
)


def completion(
    request: GenerateRequest | CompleteRequest,
    resolved: Resolved,
    started: float,
    rated: Sequence[tuple[GenerationResult, Estimate]],
) -> Completion:
    """The first of `rated` results with the others as alternatives. `started`: when, by `time.perf_counter`."""
    (best, estimate), *others = rated
    prompt = request.prompt if isinstance(request, GenerateRequest) else request.prefix
    return Completion(
        id=uuid4().hex,
        generated_code=prompt + best.text,
        completion=best.text,
        model_used=best.backend,
        weights=best.weights,
        adapter=best.adapter,
        language=resolved.request.language,
        confidence=estimate.value,
        calibrated=estimate.calibrated,
        processing_time=time.perf_counter() - started,
        prompt_time=best.prompt_seconds,
        finish_reason=best.finish_reason,
        tokens=best.tokens,
        fallback=list(best.attempts),
        guard=best.guard,
        features=best.features,
        logprobs=best.logprobs if resolved.policy.logprobs else None,
        sources=_sources(best),
        alternatives=[_choice(resolved, result, own.value) for result, own in others],
    )


def reply(resolved: Resolved, started: float, result: GenerationResult) -> Reply:
    """The next message of a conversation."""
    return Reply(
        text=result.text,
        model_used=result.backend,
        adapter=result.adapter,
        processing_time=time.perf_counter() - started,
        finish_reason=result.finish_reason,
        tokens=result.tokens,
        fallback=list(result.attempts),
        logprobs=result.logprobs if resolved.policy.logprobs else None,
    )


def explanation(resolved: Resolved, started: float, result: GenerationResult) -> Explanation:
    """What a piece of code does."""
    grounds = resolved.policy.grounds
    facts = list(grounds.facts) if grounds else []
    return Explanation(
        explanation=result.text,
        facts=facts,
        confidence=_confidence_in_words(result, facts),
        model_used=result.backend,
        language=resolved.request.language,
        processing_time=time.perf_counter() - started,
        finish_reason=result.finish_reason,
        tokens=result.tokens,
        fallback=list(result.attempts),
    )


def _sources(result: GenerationResult) -> list[Source]:
    return [Source(path=one.path, first=one.first, last=one.last) for one in result.excerpts]


def _confidence_in_words(result: GenerationResult, facts: Sequence[CodeFacts]) -> float:
    """1 where none of the model's words are left, and what was read off the code stands in their place."""
    if facts and result.text == reading_of(facts):
        return 1.0
    size = len(result.text)
    return of_words(result.features, size / max(1, size + result.guard.dropped), grounded=bool(facts)).value


def _choice(resolved: Resolved, result: GenerationResult, confidence: float) -> Choice:
    return Choice(
        completion=result.text,
        confidence=confidence,
        finish_reason=result.finish_reason,
        tokens=result.tokens,
        guard=result.guard,
        logprobs=result.logprobs if resolved.policy.logprobs else None,
    )
