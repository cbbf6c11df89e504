"""How answers and health are described to a person, in the terminal and in a notebook alike."""

from __future__ import annotations

from collections.abc import Sequence

from sfm2.types import Attempt, CodeFacts, CodeTrait, Explanation, FinishReason, Health


def confidence_text(confidence: float, calibrated: bool) -> str:
    """Such as `confidence 0.92`, or `confidence 0.92 (uncalibrated)`."""
    return f"confidence {confidence:.2f}" + ("" if calibrated else " (uncalibrated)")


def fallback_lines(attempts: Sequence[Attempt], model_used: str) -> list[str]:
    """A line for each backend that failed, and one for the backend that answered instead; empty without a failure."""
    lines = [f"{a.backend} could not answer ({a.reason}: {a.message})" for a in attempts]
    return [*lines, f"{model_used} answered instead"] if lines else []


def cut_short(reason: FinishReason) -> str | None:
    """What ended an answer before its own end; None if nothing did."""
    return {"length": "cut at --max-length", "time": "cut at the time limit"}.get(reason)


def fact_lines(facts: Sequence[CodeFacts]) -> list[str]:
    """What was read off code, a line for each statement or fact, below the definition that it belongs to."""
    return [line for one in facts for line in _paragraph(_head(one), _facts(one))]


def read_off(answer: Explanation) -> str:
    """Its facts as a paragraph with a heading; empty without any, and where they stand in the place of its words."""
    text = "\n".join(["Read off the code:", *fact_lines(answer.facts)]) if answer.facts else ""
    return "" if text.endswith(answer.explanation) else text


def _paragraph(head: str, facts: Sequence[str]) -> list[str]:
    return [f"{head}:", *(f"  {fact}" for fact in facts)] if facts else [head]


def _head(facts: CodeFacts) -> str:
    return f"`{facts.signature}`" if facts.signature else "by itself"


def _facts(facts: CodeFacts) -> list[str]:
    """The steps, or where they are too many what they come to; then what is not seen in them."""
    told = {"returns": facts.returns, "yields": facts.yields, "raises": facts.raises, "calls": facts.calls}
    lines = facts.steps or [f"{verb} {_codes(codes)}" for verb, codes in told.items() if codes]
    lines = [*lines, f"changes {_codes(facts.changes)}"] if facts.changes else lines
    return [*lines, *(_TRAITS[trait] for trait in facts.traits)]


_TRAITS = {
    CodeTrait.ASYNC: "is asynchronous",
    CodeTrait.GENERATOR: "is a generator: it gives its values one by one",
    CodeTrait.RECURSIVE: "calls itself",
}


def _codes(codes: Sequence[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)


def backend_reason(health: Health, name: str) -> str:
    """The reason for a backend's status, in words to act on; empty if there is none."""
    backend = health.backends.get(name)
    return backend.reason if backend else health.model_details.get(name, "")


def backend_rows(health: Health) -> list[tuple[str, str, str]]:
    """For each backend its name, its status and the reason for it."""
    return [(name, str(status), backend_reason(health, name)) for name, status in health.model_status.items()]
