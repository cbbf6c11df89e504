"""The charts of a report, as PNG. Drawn without pyplot, which keeps figures in a global state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from sfm2.evals.reliability import Bin, Scores, bins
from sfm2.evals.statistics import Numbers
from sfm2.evals.summary import Figure

_COLOURS = ("#1f5fa8", "#d1672b", "#3a8a5c", "#8a4fa3", "#8c6d1f", "#5a6470")  # distinguishable with colour blindness
_MARKERS = "os^D"  # the next one for each further round of the colours
_GREY = "#8b949e"
_DPI = 150
_Z = 1.96  # the normal quantile of a 95 % interval


def reliability_chart(path: Path, title: str, predicted: Numbers, right: Numbers, figures: Scores) -> None:
    """Draw the share of correct items against the predicted probability, and the counts below, in the 15 bins of the ECE.

    `predicted` are probabilities and `right` outcomes (1 or 0), both of shape (n,); `figures` are shown as text.
    """
    canvas = _canvas(6, 7)
    upper, lower = canvas.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    found = bins(predicted, right)
    _draw_shares(upper, found, figures)
    _draw_counts(lower, found)
    upper.set_title(title, loc="left", fontsize=11)
    _save(canvas, path)


def comparison_chart(path: Path, runs: Sequence[tuple[str, Sequence[Figure]]]) -> None:
    """Draw a row for each measure in per cent, with a point and its 95 % interval for each run (label, figures)."""
    names = list(dict.fromkeys(one.measure.name for _, figures in runs for one in figures if one.measure.unit == "%"))
    canvas = _canvas(8, 1.2 + len(names) * (0.2 + 0.22 * len(runs)))
    axes = canvas.subplots()
    for place, (label, figures) in enumerate(runs):
        offset = (place - (len(runs) - 1) / 2) * 0.75 / max(2.5, len(runs))
        _draw_run(axes, label, figures, {name: row + offset for row, name in enumerate(names)}, place)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-2, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("per cent of items, with 95 % intervals")
    _plain(axes, "x")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=min(3, len(runs)), frameon=False)
    _save(canvas, path)


def _draw_run(axes: Axes, label: str, figures: Sequence[Figure], rows: dict[str, float], place: int) -> None:
    shown = [figure for figure in figures if figure.measure.name in rows]
    values = [100 * figure.value for figure in shown]
    below = [max(0, 100 * (figure.value - figure.low)) for figure in shown]
    above = [max(0, 100 * (figure.high - figure.value)) for figure in shown]
    heights = [rows[figure.measure.name] for figure in shown]
    colour, marker = _COLOURS[place % len(_COLOURS)], _MARKERS[place // len(_COLOURS) % len(_MARKERS)]
    axes.errorbar(values, heights, xerr=[below, above], fmt=marker, color=colour, capsize=3, markersize=5, label=label)
    for figure, value, height in zip(shown, values, heights, strict=True):
        axes.annotate(
            f"{value:.1f}",
            (100 * figure.high, height),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colour,
        )


def _draw_shares(axes: Axes, found: Sequence[Bin], figures: Scores) -> None:
    full = [one for one in found if one.size]
    predicted = [one.predicted for one in full]
    share = [one.right for one in full]
    limits = [_wilson(one) for one in full]
    below = [value - low for value, (low, _) in zip(share, limits, strict=True)]
    above = [high - value for value, (_, high) in zip(share, limits, strict=True)]
    axes.plot([0, 1], [0, 1], linestyle="--", color=_GREY, linewidth=1, label="perfect calibration")
    axes.errorbar(
        predicted, share, yerr=[below, above], fmt="o-", color=_COLOURS[0], capsize=3, markersize=5, linewidth=1.2,
        label="measured, with 95 % intervals",
    )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_ylabel("share that is correct")
    clear = {"facecolor": "white", "edgecolor": "none", "pad": 3}
    axes.text(0.97, 0.04, _legend(figures), transform=axes.transAxes, ha="right", va="bottom", fontsize=9, bbox=clear)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    _plain(axes, "both")


def _draw_counts(axes: Axes, found: Sequence[Bin]) -> None:
    axes.bar(
        [one.low for one in found],
        [one.size for one in found],
        width=[one.high - one.low for one in found],
        align="edge",
        color=_COLOURS[0],
        edgecolor="white",
    )
    axes.set_xlim(0, 1)
    axes.set_xlabel("predicted probability")
    axes.set_ylabel("items")
    _plain(axes, "y")


def _legend(figures: Scores) -> str:
    return (
        f"{figures.count:,} items, {100 * figures.base_rate.value:.1f} % correct\n"
        f"ECE {figures.ece.value:.3f} (15 bins of equal width)\n"
        f"ECE {figures.ece_mass.value:.3f} (10 bins of equal mass)\n"
        f"Brier skill {figures.brier_skill.value:.3f}\n"
        f"AUROC {figures.auroc.value:.3f}"
    )


def _wilson(one: Bin) -> tuple[float, float]:
    """Wilson's 95 % interval of the share of correct items in a bin, within [0, 1] and around the share."""
    spread = _Z**2 / one.size
    middle = (one.right + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(one.right * (1 - one.right) / one.size + spread / (4 * one.size))
    return min(one.right, max(0.0, middle - half)), max(one.right, min(1.0, middle + half))


def _plain(axes: Axes, grid: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis=grid, color="#e4e7eb", linewidth=0.8)  # type: ignore[arg-type]


def _canvas(width: float, height: float) -> Canvas:
    """An empty figure; sizes in inches."""
    canvas = Canvas(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(canvas)
    return canvas


def _save(canvas: Canvas, path: Path) -> None:
    canvas.savefig(path, dpi=_DPI, metadata={"Software": None})
