"""The report about an answer on standard error: fallbacks, backend, confidence, guard, tokens and time."""

from __future__ import annotations

from collections.abc import Sequence

from sfm2.cli import terminal
from sfm2.types import Completion, Explanation, GuardAction, GuardReport, Reply, Source
from sfm2.wording import confidence_text, cut_short, fallback_lines

_FILES = 3  # that are named


def add_report(answer: Completion | Explanation | Reply, place: str) -> None:
    """Write the report: fallbacks always, the summary only to a terminal. `place` is where the answer comes from."""
    for line in fallback_lines(answer.fallback, answer.model_used):
        terminal.note(f"note: {line}")
    if terminal.notes_to_terminal():
        terminal.note(summary(answer, place))


def summary(answer: Completion | Explanation | Reply, place: str) -> str:
    """One line such as `sfm2, http://127.0.0.1:8000 · confidence 0.92 · cut (block_end) · 57 tokens · 1.20 s`."""
    parts = [f"{answer.model_used}, {place}"]
    if not isinstance(answer, Reply):
        parts.append(confidence_text(answer.confidence, answer.calibrated))
    if isinstance(answer, Completion):
        parts += [*_guard(answer.guard), *_unknown(answer.guard), *_sources(answer.sources)]
    parts += [f"{answer.tokens.completion} tokens", f"{answer.processing_time:.2f} s"]
    parts.append(cut_short(answer.finish_reason) or "")
    return " · ".join(filter(None, parts))


def _sources(sources: Sequence[Source]) -> list[str]:
    """The files that the model was shown, the most relevant first."""
    paths = list(dict.fromkeys(terminal.visible(one.path) for one in reversed(sources) if one.path))
    more = f" and {len(paths) - _FILES} more" if len(paths) > _FILES else ""
    return [f"knows {', '.join(paths[:_FILES])}{more}"] if paths else []


def _guard(report: GuardReport) -> list[str]:
    """What the guard did; empty where it left the completion as it was."""
    if report.action in (GuardAction.OFF, GuardAction.KEPT):
        return []
    reasons = ", ".join(report.reasons)
    if report.action is GuardAction.ABSTAINED:
        return [f"nothing that fits ({reasons})" if reasons else "nothing to add"]
    return [f"{report.action} ({reasons})"]


def _unknown(report: GuardReport) -> list[str]:
    """What the completion uses and its repository does not have."""
    names = ", ".join(map(terminal.visible, report.unknown))
    return [f"not in the repository: {names}"] if names else []
