"""The report about an answer, in plain text: backend, guard, tokens, time, and what to know before using it."""

from __future__ import annotations

from collections.abc import Collection

from sfm2.types import Completion, Explanation, GuardAction, GuardReport
from sfm2.wording import confidence_text, cut_short, fallback_lines

_GUARD = {
    GuardAction.OFF: "not judged",
    GuardAction.KEPT: "kept whole",
    GuardAction.CUT: "cut where it no longer belongs",
    GuardAction.CLOSED: "closed what was left open",
    GuardAction.RESAMPLED: "second try, as the first was useless",
    GuardAction.ABSTAINED: "nothing that fits",
}


def facts(answer: Completion | Explanation, place: str) -> list[str]:
    """Facts such as `sfm2 at http://127.0.0.1:8000`, `guard: cut where it no longer belongs (block_end)`, `57 tokens`."""
    who = f"{answer.model_used} at {place}"
    if isinstance(answer, Completion):
        with_adapter = [f"adapter {answer.adapter}"] if answer.adapter else []
        parts = [who, *with_adapter, f"guard: {guard(answer.guard)}"]
    else:
        parts = [who, confidence_text(answer.confidence, answer.calibrated)]
    count = answer.tokens.completion
    return [*parts, f"{count} token{'s' if count != 1 else ''}", f"{answer.processing_time:.2f} s"]


def guard(report: GuardReport) -> str:
    """What the guard did and why."""
    reasons = f" ({', '.join(report.reasons)})" if report.reasons else ""
    return _GUARD[report.action] + reasons


def notes(answer: Completion | Explanation, known: Collection[str] = ()) -> list[str]:
    """What to know before using an answer: fallbacks, a cut at the limit, undefined names. `known` are names to ignore."""
    found = fallback_lines(answer.fallback, answer.model_used)
    if why := cut_short(answer.finish_reason):
        found.append(f"{why.capitalize()}; a larger one gives more")
    if isinstance(answer, Completion):
        undefined = [name for name in answer.guard.undefined if name not in known]
        found += [f"Not defined here: {', '.join(undefined)}"] if undefined else []
        unknown = answer.guard.unknown
        found += [f"Not in the repository: {', '.join(unknown)}"] if unknown else []
    return found
