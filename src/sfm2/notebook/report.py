"""What is said about an answer: who gave it and why not another, how sure, what the guard did, how long. Plain text."""

from __future__ import annotations

from collections.abc import Collection

from sfm2.types import Completion, Explanation, FinishReason, GuardAction, GuardReport
from sfm2.wording import fallbacks

_GUARD = {
    GuardAction.OFF: "not judged",
    GuardAction.KEPT: "kept whole",
    GuardAction.CUT: "cut where it no longer belongs",
    GuardAction.CLOSED: "what was left open is closed",
    GuardAction.RESAMPLED: "second try, the first was of no use",
    GuardAction.ABSTAINED: "nothing that fits",
}


def facts(answer: Completion | Explanation, place: str) -> list[str]:
    """Such as `sfm2 at http://127.0.0.1:8000`, `guard: cut where it no longer belongs (block_end)`, `57 tokens`."""
    who = f"{answer.model_used} at {place}"
    if isinstance(answer, Completion):
        with_adapter = [f"adapter {answer.adapter}"] if answer.adapter else []
        parts = [who, *with_adapter, f"guard: {guard(answer.guard)}"]
    else:
        parts = [who]
    count = answer.tokens.completion
    return [*parts, f"{count} token{'s' if count != 1 else ''}", f"{answer.processing_time:.2f} s"]


def guard(report: GuardReport) -> str:
    reasons = f" ({', '.join(report.reasons)})" if report.reasons else ""
    return _GUARD[report.action] + reasons


def notes(answer: Completion | Explanation, known: Collection[str] = ()) -> list[str]:
    """What somebody should know before using it. `known`: names that the notebook has, whatever was sent of it."""
    found = [*fallbacks(answer.fallback, answer.model_used), *_length(answer.finish_reason)]
    if isinstance(answer, Completion):
        undefined = [name for name in answer.guard.undefined if name not in known]
        found += [f"Not defined here: {', '.join(undefined)}"] if undefined else []
    return found


def _length(reason: FinishReason) -> list[str]:
    return ["Ended by --max-length; a larger one gives more"] if reason == "length" else []
