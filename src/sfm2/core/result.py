"""A finished stream after the guard, and which of two is better."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfm2.types import Attempt, FinishReason, GuardAction, GuardReport, TokenLogprob, TokenUsage


@dataclass(frozen=True)
class GenerationResult:
    """What one backend made of a request."""

    text: str
    """The completion, after stop texts and guard."""
    backend: str
    finish_reason: FinishReason
    tokens: TokenUsage
    """What the backend read and wrote, also what was then cut."""
    guard: GuardReport
    features: dict[str, float]
    """What the confidence is computed from."""
    weights: str | None = None
    adapter: str | None = None
    logprobs: list[TokenLogprob] | None = None
    """The tokens of `text`; None where the backend does not report each token's text."""
    prompt_seconds: float | None = None
    attempts: tuple[Attempt, ...] = ()
    """Backends that were tried before."""

    @property
    def retry_worthwhile(self) -> bool:
        """Whether another try may give more: nothing is left, or it uses names that nothing defines."""
        return self.guard.action is GuardAction.ABSTAINED or bool(self.guard.undefined)


def better(first: GenerationResult, second: GenerationResult) -> GenerationResult:
    """The second if it has text and fewer undefined names. The tokens of both count."""
    tokens = TokenUsage(
        prompt=max(first.tokens.prompt, second.tokens.prompt),
        completion=first.tokens.completion + second.tokens.completion,
    )
    wins = bool(second.text.strip()) and (
        not first.text.strip() or len(second.guard.undefined) < len(first.guard.undefined)
    )
    if not wins:
        return replace(first, tokens=tokens)
    reasons = list(dict.fromkeys((*first.guard.reasons, *second.guard.reasons)))
    report = second.guard.model_copy(update={"action": GuardAction.RESAMPLED, "reasons": reasons})
    return replace(second, tokens=tokens, guard=report, features={**second.features, "resampled": 1.0})
