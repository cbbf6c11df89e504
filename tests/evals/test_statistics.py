"""The coverage of intervals, and paired tests against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sfm2.evals import statistics


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = [0.0] * 400 + [1.0] * 600
    low, high = statistics.bootstrap(values)
    half = 1.96 * math.sqrt(0.6 * 0.4 / 1000)
    assert low == pytest.approx(0.6 - half, abs=0.004)
    assert high == pytest.approx(0.6 + half, abs=0.004)


def test_the_interval_covers_the_truth_in_about_95_of_100_samples() -> None:
    random = np.random.default_rng(1)
    samples = [random.normal(3, 2, 80) for _ in range(200)]
    intervals = [statistics.bootstrap(sample.tolist(), rounds=400) for sample in samples]
    assert 182 <= sum(low <= 3 <= high for low, high in intervals) <= 199


def test_items_of_one_source_are_drawn_together() -> None:
    """Ten equal items of one source carry no more information than one item."""
    values = [float(source % 2) for source in range(20) for _ in range(10)]
    sources = [source for source in range(20) for _ in range(10)]
    apart = statistics.bootstrap(values)
    together = statistics.bootstrap(values, clusters=sources)
    once = statistics.bootstrap(values[::10])
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])
    assert together == pytest.approx(once, abs=0.05)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [1.0, 4.0, 9.0]
    assert statistics.bootstrap(values, seed=7) == statistics.bootstrap(values, seed=7)


def test_one_item_has_an_interval_of_no_width_and_no_items_have_none() -> None:
    assert statistics.bootstrap([2.5]) == (2.5, 2.5)
    with pytest.raises(ValueError, match="at least one item"):
        statistics.bootstrap([])


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (5, 0, 2 / 32),
        (0, 5, 2 / 32),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (10, 2, 0.03857421875),
    ],
)
def test_mcnemar_is_the_binomial_tail_of_the_changed_pairs(gained: int, lost: int, p: float) -> None:
    assert statistics.mcnemar(gained, lost) == pytest.approx(p)


def test_mcnemar_takes_thousands_of_pairs() -> None:
    assert 0 < statistics.mcnemar(3000, 2500) < 1e-10


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([], 1.0),
        ([0.0, 0.0], 1.0),
        ([1.0, 2.0, 3.0], 2 / 8),  # only all plus and all minus are as far from 0
        ([1.0, 2.0, 3.0, 0.0], 2 / 8),
        ([1.0, 2.0, 3.0, -1.0], 6 / 16),
        ([0.1] * 10, 2 / 1024),
    ],
)
def test_sign_flips_are_counted_exactly_while_there_are_few(differences: list[float], p: float) -> None:
    assert statistics.sign_flip(differences) == pytest.approx(p)


def test_drawn_sign_flips_agree_with_the_exact_count() -> None:
    differences = [0.5, -0.2, 0.9, 0.4, -0.1, 0.3, 0.8, -0.6, 0.2, 0.7, 0.1, -0.3]
    exact = statistics.sign_flip(differences, rounds=4096)
    assert statistics.sign_flip(differences, rounds=4095) == pytest.approx(exact, abs=0.03)


def test_a_clear_difference_of_many_pairs_has_the_least_p_value_there_is() -> None:
    differences = np.random.default_rng(0).normal(1, 1, 300).tolist()
    assert statistics.sign_flip(differences) == pytest.approx(1 / 10_001)
