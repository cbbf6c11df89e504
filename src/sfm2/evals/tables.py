"""Results as rows of text, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sfm2.evals.comparing import Comparison
from sfm2.evals.items import Record
from sfm2.evals.reliability import Measured, Scores, auroc, brier_skill, ece, ece_by_chance
from sfm2.evals.summary import Figure

SCORE_HEAD = ("score", "value", "95 % interval")
"""The head of the table of `score_rows`."""


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; pipe characters in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def figure_text(figure: Figure) -> str:
    """A figure's value, interval and number of items, without the unit."""
    measure = figure.measure
    return f"{measure.number(figure.value)} ({measure.span(figure.low, figure.high)}; n = {figure.size})"


def comparison_head(first: str, second: str) -> tuple[str, ...]:
    """The head of the table of `comparison_rows`, for runs called `first` and `second`."""
    return ("measure", "pairs", first, second, "difference", "95 % interval", "p", "gained", "lost")


def comparison_rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    """A row for each measure. Differences of shares are in percentage points."""
    for one in found.differences:
        measure = one.measure
        changed = (str(len(one.gained)), str(len(one.lost))) if measure.unit == "%" else ("", "")
        yield (
            measure.title,
            str(one.pairs),
            measure.number(one.first),
            measure.number(one.second),
            measure.number(one.difference, signed=True),
            measure.span(one.low, one.high, signed=True),
            f"{one.p:.4f}" if one.p >= 0.0001 else "< 0.0001",
            *changed,
        )


def score_rows(found: Scores) -> list[tuple[str, str, str]]:
    """A row for each score: name, value, interval."""
    named: list[tuple[str, Measured]] = [
        ("base rate", found.base_rate),
        ("ECE, 15 bins of equal width (the goal's)", found.ece),
        ("ECE, 10 bins of equal mass", found.ece_mass),
        ("Brier", found.brier),
        ("Brier skill", found.brier_skill),
        ("AUROC", found.auroc),
    ]
    return [(name, f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}") for name, one in named]


CHECK_HEAD = ("", "items", "right", "ECE", "by chance", "Brier skill", "AUROC")
"""The head of the table of `check_rows`."""


def check_rows(groups: Mapping[str, Sequence[tuple[float, bool]]]) -> Iterator[tuple[str, ...]]:
    """A row for each group of pairs of a predicted probability and an outcome.

    ECE: over 15 bins of equal width. "By chance": what predictions that are exactly right would have with so many items.
    """
    for name, pairs in groups.items():
        predicted = np.array([one for one, _ in pairs])
        right = np.array([float(outcome) for _, outcome in pairs])
        figures = (
            ece(predicted, right),
            ece_by_chance(predicted),
            brier_skill(predicted, right),
            auroc(predicted, right),
        )
        yield name, str(len(pairs)), f"{100 * right.mean():.1f} %", *(f"{figure:.3f}" for figure in figures)


def groups_of(records: Sequence[Record], predicted: Sequence[float]) -> dict[str, list[tuple[float, bool]]]:
    """The pairs for `check_rows`: of each language, of each kind of hole, and of all."""
    groups: dict[str, list[tuple[float, bool]]] = {}
    for record, one in sorted(zip(records, predicted, strict=True), key=lambda pair: pair[0].language):
        groups.setdefault(record.language, []).append((one, bool(record.correct)))
    for record, one in sorted(zip(records, predicted, strict=True), key=lambda pair: pair[0].kind):
        groups.setdefault(record.kind, []).append((one, bool(record.correct)))
    return groups | {"all": [(one, bool(record.correct)) for record, one in zip(records, predicted, strict=True)]}
