"""What a completion's confidence is made of, and how it becomes a share of right ones."""

from __future__ import annotations

import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.core.assembler import StreamAssembler
from sfm2.core.confidence import Calibration, Calibrations, features, uncalibrated
from sfm2.core.policy import OutputPolicy
from sfm2.core.token_log import TokenLog
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.models.catalogue import CatalogueEntry, load_catalogue
from sfm2.syntax.hole import Hole
from sfm2.types import GuardAction, GuardReason, GuardReport, Mode, SamplingParams

HOLE = Hole("def f(x):\n    ", "\n", "python")
KEPT = GuardReport(action=GuardAction.KEPT, parses=True)


def calibration_file(folder: Path, weights: str, **terms: list[float]) -> None:
    content = {"weights": weights, "intercept": 0.0, "features": terms}
    folder.mkdir(exist_ok=True)
    (folder / f"{weights}.json").write_text(json.dumps(content), encoding="utf-8")


def test_features_are_of_the_tokens_that_were_kept() -> None:
    found = features("return x", [-0.1, -0.5, -0.3], KEPT, "stop", HOLE)
    assert found["mean_logprob"] == pytest.approx(-0.3)
    assert found["min_logprob"] == -0.5
    assert found["first_logprob"] == -0.1
    assert found["ended"] == 1
    assert found["suffix_begins"] == 0


def test_features_tell_what_the_guard_did() -> None:
    report = GuardReport(action=GuardAction.CLOSED, reasons=[GuardReason.OPEN], undefined=["y"])
    found = features("f(y)", [-0.1], report, "length", HOLE)
    assert (found["closed"], found["undefined"], found["length"], found["ended"]) == (1, 1, 1, 0)


def test_weights_that_nobody_calibrated_say_so(tmp_path: Path) -> None:
    found = features("return x", [-0.2, -0.2], KEPT, "stop", HOLE)
    value, calibrated, _ = Calibrations(tmp_path).estimate(found, "0" * 64, as_fitted=True)
    assert value == pytest.approx(math.exp(-0.2))
    assert not calibrated


@pytest.mark.parametrize("entry", load_catalogue().models, ids=lambda entry: entry.name)
def test_the_weights_of_the_catalogue_are_calibrated(tmp_path: Path, entry: CatalogueEntry) -> None:
    sure = features("x = compute(a)\n", [-0.01] * 6, KEPT, "stop", HOLE)
    unsure = features("x = compute(a)\n", [-1.5] * 6, KEPT, "length", HOLE)
    high, low = (Calibrations(tmp_path).estimate(found, entry.sha256, as_fitted=True) for found in (sure, unsure))
    assert high.calibrated
    assert low.calibrated
    assert 1 > high.value > low.value + 0.3 > 0.3
    # Every feature that it was fitted on is one that is still made.
    folder = resources.files("sfm2.core").joinpath("calibrations")
    document = json.loads(folder.joinpath(f"{entry.sha256}.json").read_text(encoding="utf-8"))
    assert set(document["features"]) <= set(sure)
    assert document["weights"] == entry.sha256
    assert document["fitted_on"] >= 800


def test_a_backend_that_tells_nothing_is_not_believed() -> None:
    assert uncalibrated(features("x", [], KEPT, "stop", HOLE)).value == 0


def test_a_calibration_fitted_here_holds_for_its_weights_alone(tmp_path: Path) -> None:
    calibration_file(tmp_path, "a" * 64, mean_logprob=[-0.5, 0.5, 2.0])
    calibrations = Calibrations(tmp_path)
    found = features("return x", [-0.5], KEPT, "stop", HOLE)
    assert calibrations.estimate(found, "a" * 64, as_fitted=True)[:2] == (0.5, True)
    assert not calibrations.estimate(found, "b" * 64, as_fitted=True).calibrated
    assert calibrations.estimate(found, "a" * 64, as_fitted=False)[:2] == (0.5, False), "it promises nothing then"
    surer = features("return x", [-0.0], KEPT, "stop", HOLE)
    assert calibrations.estimate(surer, "a" * 64, as_fitted=True).value == pytest.approx(1 / (1 + math.exp(-2)))


@pytest.mark.parametrize(
    ("changed", "as_fitted"),
    [
        ({}, True),
        ({"temperature": 0.7}, False),
        ({"guard": False}, False),
        ({"language": None}, False),
        ({"end": "length"}, False),
    ],
)
def test_only_what_came_about_as_in_the_fit_is_called_calibrated(changed: dict[str, Any], as_fitted: bool) -> None:
    case = {"temperature": 0.0, "guard": True, "language": "python", "end": "stop", **changed}
    request = GenerationRequest(
        prefix="x = ", language=case["language"], sampling=SamplingParams(temperature=case["temperature"])
    )
    assembler = StreamAssembler(request, OutputPolicy(guard=case["guard"], mode=Mode.BLOCK))
    assembler.feed(TokenChunk("1", (-0.1,), finish_reason=case["end"]))
    assembler.finish()
    assert assembler.result().as_fitted is as_fitted


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"features": {"a": 1}, "intercept": 0}', '{"features": [], "intercept": 0}']
)
def test_a_file_that_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no calibration"):
        Calibration.parse(text)


@given(x=st.floats(-1e6, 1e6), coefficient=st.floats(-100, 100))
def test_an_estimate_is_a_probability(x: float, coefficient: float) -> None:
    value, *_ = Calibration(0.0, {"x": (0.0, 1.0, coefficient)}).estimate({"x": x})
    assert 0 <= value <= 1


def test_log_probabilities_follow_the_text_that_is_kept() -> None:
    logprobs = TokenLog()
    logprobs.add(TokenChunk("x" * 10, (-0.1, -0.2)))
    logprobs.add(TokenChunk("x" * 10, (-0.3, -0.4)))
    logprobs.add(TokenChunk("", (-0.5,)))
    assert logprobs.logprobs_of(10) == [-0.1, -0.2]
    assert logprobs.logprobs_of(15) == [-0.1, -0.2, -0.3]
    assert logprobs.logprobs_of(20) == [-0.1, -0.2, -0.3, -0.4]
    assert TokenLog().logprobs_of(5) == []
