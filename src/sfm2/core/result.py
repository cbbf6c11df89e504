"""A finished stream after the guard, and which of two is better."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfm2.generation import Excerpt
from sfm2.types import Attempt, FinishReason, GuardAction, GuardReason, GuardReport, TokenLogprob, TokenUsage


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
    as_fitted: bool = False
    """Whether it came about as the completions did that calibrations are fitted on."""
    weights: str | None = None
    adapter: str | None = None
    logprobs: list[TokenLogprob] | None = None
    """The tokens of `text`; None where the backend does not report each token's text."""
    prompt_seconds: float | None = None
    excerpts: tuple[Excerpt, ...] = ()
    """Code of other files that the model was shown."""
    attempts: tuple[Attempt, ...] = ()
    """Backends that were tried before."""

    @property
    def retry_worthwhile(self) -> bool:
        """Whether another try may give more, and there is time: nothing is left, it was not judged though it could be, or it
        uses names that nothing defines or has.
        """
        if self.finish_reason == "time":
            return False
        return self.guard.action is GuardAction.ABSTAINED or self.is_unjudged or self.invented > 0

    @property
    def invented(self) -> int:
        """How many names it uses that nothing defines, or that its repository does not have."""
        return len(self.guard.undefined) + len(self.guard.unknown)

    @property
    def is_unjudged(self) -> bool:
        """Whether the grammar refused the text, and it is given all the same."""
        return GuardReason.UNJUDGED in self.guard.reasons


def with_tokens_of(other: GenerationResult, chosen: GenerationResult) -> GenerationResult:
    """`chosen`, with the tokens of both: that is what the answer took."""
    tokens = TokenUsage(
        prompt=max(other.tokens.prompt, chosen.tokens.prompt),
        completion=other.tokens.completion + chosen.tokens.completion,
    )
    return replace(chosen, tokens=tokens)


def better(first: GenerationResult, second: GenerationResult) -> GenerationResult:
    """The second if it has text and was judged, or invents fewer names. The tokens of both count."""
    wins = bool(second.text.strip()) and (
        not first.text.strip() or (first.is_unjudged and not second.is_unjudged) or second.invented < first.invented
    )
    if not wins:
        return with_tokens_of(second, first)
    reasons = list(dict.fromkeys((*first.guard.reasons, *second.guard.reasons)))
    report = second.guard.model_copy(update={"action": GuardAction.RESAMPLED, "reasons": reasons})
    chosen = replace(second, guard=report, features={**second.features, "resampled": 1.0})
    return with_tokens_of(first, chosen)
