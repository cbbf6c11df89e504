"""From generation results to the answers on the wire. Pure, but for ids and the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import uuid4

from sfm2.core.confidence import Estimate
from sfm2.core.resolve import Resolved
from sfm2.core.result import GenerationResult
from sfm2.types import Choice, Completion, Explanation, Reply


def completion(resolved: Resolved, started: float, rated: Sequence[tuple[GenerationResult, Estimate]]) -> Completion:
    """The first of `rated` results with the others as alternatives. `started`: when, by `time.perf_counter`."""
    (best, estimate), *others = rated
    return Completion(
        id=uuid4().hex,
        generated_code=resolved.request.prefix + best.text,
        completion=best.text,
        model_used=best.backend,
        weights=best.weights,
        adapter=best.adapter,
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


def explanation(started: float, result: GenerationResult) -> Explanation:
    """What a piece of code does."""
    return Explanation(
        explanation=result.text.strip(),
        model_used=result.backend,
        processing_time=time.perf_counter() - started,
        finish_reason=result.finish_reason,
        tokens=result.tokens,
        fallback=list(result.attempts),
    )


def _choice(resolved: Resolved, result: GenerationResult, confidence: float) -> Choice:
    return Choice(
        completion=result.text,
        confidence=confidence,
        finish_reason=result.finish_reason,
        tokens=result.tokens,
        guard=result.guard,
        logprobs=result.logprobs if resolved.policy.logprobs else None,
    )
