"""How likely a completion is to be right: logistic regression over features of stream and guard (Platt 1999).

Fitted per weights by `sfm2 eval calibrate`, on completions at temperature 0 that the guard has read. Of those that it could
not judge, or that their length cut, too few were right for a promise: they are not called calibrated. Weights without a
calibration get exp(mean log-probability) of the tokens, the geometric mean of their probabilities: it orders completions and
promises no share of right ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Self

from sfm2.syntax.hole import Hole
from sfm2.types import FinishReason, GuardAction, GuardReason, GuardReport

UNSURE, UNSURE_UNCALIBRATED = 0.3, 0.8
"""Below which a completion is unsure, with and without a calibration: a second look pays (measured: benchmarks/LOG.md)."""
UNKNOWN = -2.0  # log-probability that is assumed where a backend reports none
_FLOOR = -20.0  # no log-probability counts as less


class Estimate(NamedTuple):
    """A confidence."""

    value: float
    """In [0, 1]."""
    calibrated: bool
    """Whether `value` is the share of completions like this one that are right; otherwise it only orders completions."""
    unsure_below: float = UNSURE_UNCALIBRATED

    @property
    def is_unsure(self) -> bool:
        return self.value < self.unsure_below


def features(
    text: str, logprobs: Sequence[float], report: GuardReport, finish: FinishReason, hole: Hole
) -> dict[str, float]:
    """What the confidence of a completion is computed from, by name.

    `logprobs`: of the tokens behind `text`, as far as the backend reports them. `finish`: why the stream ended.
    """
    reasons = set(report.reasons)
    return {
        **features_so_far(text, logprobs, hole),
        "ended": float(finish == "stop" and report.action is GuardAction.KEPT),
        "length": float(finish != "stop" or GuardReason.LENGTH in reasons),
        "suffix_begins": float(GuardReason.SUFFIX_BEGINS in reasons),
        "block_end": float(GuardReason.BLOCK_END in reasons),
        "syntax_cut": float(GuardReason.SYNTAX in reasons),
        "closed": float(GuardReason.OPEN in reasons),
        "resampled": float(report.action is GuardAction.RESAMPLED),
        "undefined": float(min(3, len(report.undefined) + len(report.unknown))),  # nothing has either of them
    }


def features_so_far(text: str, logprobs: Sequence[float], hole: Hole) -> dict[str, float]:
    """Those that are known while a completion is written: all but how it ends, and what the guard reports of it."""
    known = [max(_FLOOR, logprob) for logprob in logprobs] or [UNKNOWN]
    return {
        "mean_logprob": math.fsum(known) / len(known),
        "min_logprob": min(known),
        "first_logprob": known[0],
        "sum_logprob": max(-100.0, math.fsum(known)),
        "log_tokens": math.log1p(len(known)),
        "log_lines": math.log1p(text.count("\n")),
        "middle": float(hole.kind == "middle"),
        "line_end": float(hole.kind == "line_end"),
        "no_suffix": float(not hole.suffix.strip()),
        "no_logprobs": float(not logprobs),
    }


def uncalibrated(found: Mapping[str, float]) -> Estimate:
    """exp(mean log-probability), for weights that have no calibration; 0 where the backend reports no log-probabilities."""
    return Estimate(0.0 if found["no_logprobs"] else min(1.0, math.exp(found["mean_logprob"])), calibrated=False)


def of_words(found: Mapping[str, float], kept: float, *, grounded: bool) -> Estimate:
    """The confidence in the words of an explanation: as `uncalibrated`, times the share of them that was kept.

    Half of that where nothing was known to check the words by.
    """
    return Estimate(uncalibrated(found).value * kept * (1.0 if grounded else 0.5), calibrated=False)


@dataclass(frozen=True)
class Calibration:
    """sigmoid(intercept + sum of coefficient * (x - mean) / scale)."""

    intercept: float
    terms: Mapping[str, tuple[float, float, float]]  # mean, scale, coefficient

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the JSON that `sfm2 eval calibrate` writes. Raises `ValueError` for anything else."""
        try:
            content = json.loads(text)
            terms = {name: (float(m), float(s), float(c)) for name, (m, s, c) in content["features"].items()}
            return cls(float(content["intercept"]), terms)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no calibration: {error}") from error

    def estimate(self, found: Mapping[str, float]) -> Estimate:
        """A feature that the completion does not have counts as average."""
        terms = (c * (found.get(name, mean) - mean) / scale for name, (mean, scale, c) in self.terms.items())
        return Estimate(_sigmoid(self.intercept + math.fsum(terms)), calibrated=True, unsure_below=UNSURE)


class Calibrations:
    """The calibration for given weights: one fitted on this machine, else one from the package. Each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Calibration | None] = {}

    def estimate(self, found: Mapping[str, float], weights: str | None, *, as_fitted: bool) -> Estimate:
        """The confidence of a completion with features `found`.

        Not `as_fitted` (at a temperature, unjudged, cut by its length), the calibration still orders completions, and
        promises nothing.
        """
        calibration = self._of(weights) if weights else None
        if calibration is None:
            return uncalibrated(found)
        return calibration.estimate(found)._replace(calibrated=as_fitted)

    def _of(self, weights: str) -> Calibration | None:
        if weights not in self._read:
            self._read[weights] = _load(self._folder, weights)
        return self._read[weights]


def calibrations_folder(cache_dir: Path) -> Path:
    """The folder of calibrations that were fitted on this machine: one file per weights, named by their SHA-256."""
    return cache_dir / "calibrations"


def _load(folder: Path, weights: str) -> Calibration | None:
    name = f"{weights}.json"
    own = folder / name
    shipped = resources.files("sfm2.core").joinpath("calibrations", name)
    for place in (own, shipped):
        if place.is_file():
            return Calibration.parse(place.read_text(encoding="utf-8"))
    return None


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
