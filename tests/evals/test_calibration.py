"""The fit of `confidence`: known coefficients are recovered, held-out items stay out, and bad data is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sfm2.core.confidence import Calibration
from sfm2.errors import InvalidRequestError
from sfm2.evals import calibration
from sfm2.evals.calibration import CalibrationRow


def simulated(count: int, seed: int = 0, sources: int = 60) -> list[CalibrationRow]:
    """Log-odds of being right: 0.5 + 2 * (likelihood + 1) - 0.8 * names; `noise` is uninformative."""
    random = np.random.default_rng(seed)
    rows: list[CalibrationRow] = []
    for index in range(count):
        features = {"likelihood": random.normal(-1, 0.7), "names": float(random.poisson(1)), "noise": random.normal()}
        log_odds = 0.5 + 2 * (features["likelihood"] + 1) - 0.8 * features["names"]
        rows.append((features, bool(random.random() < 1 / (1 + math.exp(-log_odds))), f"file{index % sources}.py"))
    return rows


def test_the_coefficients_that_made_the_data_come_back() -> None:
    found = calibration.fit(simulated(6000)).model
    slopes = {name: coefficient / scale for name, (_, scale, coefficient) in found.features.items()}
    assert slopes["likelihood"] == pytest.approx(2, abs=0.2)
    assert slopes["names"] == pytest.approx(-0.8, abs=0.1)
    assert slopes["noise"] == pytest.approx(0, abs=0.1)
    at_zero = found.intercept - sum(slopes[name] * mean for name, (mean, _, _) in found.features.items())
    assert at_zero == pytest.approx(0.5 + 2, abs=0.3)


def test_held_out_predictions_are_calibrated_and_tell_right_from_wrong() -> None:
    found = calibration.fit(simulated(3000)).held_out
    assert found.count == 3000
    assert found.ece.value < 0.05
    assert found.brier_skill.value > 0.15
    assert found.auroc.low > 0.75


def test_no_item_is_predicted_by_a_fit_that_saw_its_source() -> None:
    """Each source has its own outcome here, so a fit that has seen the source would predict perfectly, others by chance."""
    random = np.random.default_rng(5)
    rows: list[CalibrationRow] = []
    for source in range(100):
        right = bool(random.random() < 0.5)
        rows += [({f"is{source}": 1.0, "other": random.normal()}, right, f"file{source}") for _ in range(4)]
    absent = {f"is{number}": 0.0 for number in range(100)}
    full = [(absent | dict(features), right, source) for features, right, source in rows]
    found = calibration.fit(full)
    assert found.held_out.auroc.value < 0.65
    assert found.held_out.brier_skill.value < 0.05


def test_a_source_is_always_in_the_same_fold_and_the_folds_are_alike() -> None:
    folds = [calibration.fold(f"file{number}.py") for number in range(1000)]
    assert folds[:3] == [calibration.fold(f"file{number}.py") for number in range(3)]
    assert min(folds.count(one) for one in range(calibration.FOLDS)) > 150


def test_the_server_applies_what_was_written() -> None:
    rows = simulated(400)
    found = calibration.fit(rows)
    document = found.document("ab" * 32, ["humaneval"])
    applied = Calibration.parse(json.dumps(document))
    for features, _, _ in rows[:20]:
        probability, calibrated, _ = applied.estimate(features)
        assert probability == pytest.approx(found.model.probabilities([features])[0])
        assert calibrated
    assert document["weights"] == "ab" * 32
    assert document["fitted_on"] == 400
    assert document["suites"] == ["humaneval"]
    assert {"ece", "brier_skill", "auroc"} <= document["held_out"].keys()


def test_a_feature_that_tells_all_does_not_run_away() -> None:
    rows: list[CalibrationRow] = [({"sure": float(index % 2)}, index % 2 == 1, f"file{index}") for index in range(300)]
    found = calibration.fit(rows)
    assert math.isfinite(found.model.features["sure"][2])
    assert found.held_out.auroc.value == 1


def test_features_that_never_vary_are_left_out_and_missing_ones_count_as_average() -> None:
    rows: list[CalibrationRow] = [
        (dict(features) | {"same": 3.0}, right, source) for features, right, source in simulated(400)
    ]
    first = dict(rows[0][0])
    del first["noise"]
    rows[0] = (first, *rows[0][1:])
    model = calibration.fit(rows).model
    assert set(model.features) == {"likelihood", "names", "noise"}
    means = {name: mean for name, (mean, _, _) in model.features.items()}
    assert model.probabilities([{}])[0] == pytest.approx(model.probabilities([means])[0])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (simulated(199), "199 completed items"),
        ([(features, True, source) for features, _, source in simulated(300)], "are correct"),
        ([(features, False, source) for features, _, source in simulated(300)], "are wrong"),
        (simulated(300, sources=1), "1 sources are too few"),
        ([({**features, "names": math.inf}, right, source) for features, right, source in simulated(300)], "names"),
    ],
)
def test_what_can_not_be_calibrated_is_refused(rows: list[CalibrationRow], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        calibration.fit(rows)
