"""Scores of probabilities, against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sfm2.evals import reliability

SAID = np.array([0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
RIGHT = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0])


def test_ece_is_the_mean_gap_of_the_bins() -> None:
    """Two bins of four: predicted 0.1 where 0.25 is correct, and predicted 0.9 where 0.75 is correct."""
    assert reliability.ece(SAID, RIGHT) == pytest.approx(0.15)
    assert reliability.ece_mass(SAID, RIGHT) == pytest.approx(0.15)


def test_ece_of_equal_width_has_15_bins() -> None:
    """0.61 and 0.66 share the bin from 0.6 to 0.667, where their errors cancel; 0.59 and 0.61 don't share one."""
    right = np.array([0.0, 1.0])
    assert reliability.ece(np.array([0.61, 0.66]), right) == pytest.approx(abs(0.61 + 0.66 - 1) / 2)
    assert reliability.ece(np.array([0.59, 0.61]), right) == pytest.approx((0.59 + 0.39) / 2)


def test_bins_of_equal_mass_hold_a_tenth_each_and_equal_predictions_stay_together() -> None:
    said = np.arange(100) / 200
    right = (np.arange(100) % 10 == 0).astype(float)
    by_hand = np.mean([abs(said[start : start + 10].mean() - 0.1) for start in range(0, 100, 10)])
    assert reliability.ece_mass(said, right) == pytest.approx(by_hand)
    shuffled = np.random.default_rng(0).permutation(8)
    assert reliability.ece_mass(SAID[shuffled], RIGHT[shuffled]) == pytest.approx(0.15)


def test_brier_and_its_skill_against_the_base_rate() -> None:
    brier = (6 * 0.1**2 + 2 * 0.9**2) / 8
    assert reliability.brier(SAID, RIGHT) == pytest.approx(brier)
    assert reliability.brier_skill(SAID, RIGHT) == pytest.approx(1 - brier / 0.25)
    assert reliability.brier_skill(np.full(8, 0.5), RIGHT) == pytest.approx(0)


def test_auroc_counts_pairs_and_ties_half() -> None:
    assert reliability.auroc(SAID, RIGHT) == pytest.approx((9 + 6 / 2) / 16)  # 9 pairs won, 6 tied
    assert reliability.auroc(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 0.0, 1.0, 1.0])) == 1
    assert reliability.auroc(np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.0, 0.0, 1.0, 1.0])) == 0
    assert reliability.auroc(np.full(4, 0.3), np.array([0.0, 1.0, 0.0, 1.0])) == 0.5


def test_one_class_has_neither_skill_nor_auroc() -> None:
    ones = np.ones(8)
    assert math.isnan(reliability.brier_skill(SAID, ones))
    assert math.isnan(reliability.auroc(SAID, ones))


def test_the_bins_of_the_diagram_are_those_of_the_ece() -> None:
    found = reliability.bins(np.append(SAID, 1.0), np.append(RIGHT, 1.0))
    assert len(found) == 15
    full = {index: one for index, one in enumerate(found) if one.size}
    assert {index: one.size for index, one in full.items()} == {1: 4, 13: 4, 14: 1}
    assert full[1].predicted == pytest.approx(0.1)
    assert full[1].right == 0.25
    assert full[14].high == 1.0


def test_probabilities_that_mean_what_they_say_score_well() -> None:
    random = np.random.default_rng(3)
    said = random.beta(2, 2, 4000)
    right = (random.random(4000) < said).astype(float)
    found = reliability.scores(said, right, rounds=200)
    assert found.ece.value < 0.03
    assert found.base_rate.low < right.mean() < found.base_rate.high
    assert found.auroc.low < found.auroc.value < found.auroc.high
    assert found.document()["intervals"]["auroc"] == [found.auroc.low, found.auroc.high]


def test_what_chance_makes_of_predictions_that_are_right() -> None:
    """It falls as the square root of the number of items."""
    random = np.random.default_rng(1)
    few, many = (reliability.ece_by_chance(random.random(size)) for size in (200, 20_000))
    assert 5 < few / many < 20
    assert few == pytest.approx(0.09, abs=0.03)
