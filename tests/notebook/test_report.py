"""What is said about an answer."""

from __future__ import annotations

from sfm2.notebook import report
from sfm2.types import Attempt, Completion, GuardAction, GuardReason, GuardReport, TokenUsage


def completion(**more: object) -> Completion:
    return Completion(
        **{
            "generated_code": "x",
            "completion": "x",
            "model_used": "sfm2",
            "confidence": 0.5,
            "processing_time": 1.234,
            "finish_reason": "stop",
            "tokens": TokenUsage(completion=1),
            **more,
        }
    )


def test_who_answered_and_what_the_guard_did() -> None:
    guard = GuardReport(action=GuardAction.CUT, reasons=[GuardReason.BLOCK_END])
    assert report.facts(completion(guard=guard, adapter="ours"), "http://here") == [
        "sfm2 at http://here",
        "adapter ours",
        "guard: cut where it no longer belongs (block_end)",
        "1 token",
        "1.23 s",
    ]


def test_every_action_of_the_guard_has_words() -> None:
    for action in GuardAction:
        assert report.guard(GuardReport(action=action))


def test_why_another_answered() -> None:
    attempt = Attempt(backend="sfm2", reason="loading", message="not ready")
    assert report.notes(completion(fallback=[attempt], model_used="openai")) == [
        "sfm2 could not answer (loading: not ready)",
        "openai answered instead",
    ]


def test_names_that_nobody_defines_but_the_notebook_may() -> None:
    guard = GuardReport(action=GuardAction.KEPT, undefined=["np", "frame"])
    assert report.notes(completion(guard=guard), known={"np"}) == ["Not defined here: frame"]
    assert report.notes(completion(guard=guard), known={"np", "frame"}) == []


def test_an_end_for_want_of_tokens() -> None:
    assert report.notes(completion(finish_reason="length")) == ["Cut at --max-length; a larger one gives more"]
