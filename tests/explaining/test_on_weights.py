"""The reference's own example, explained by the weights that SFM-2 comes with."""

from __future__ import annotations

import re

import pytest

from sfm2.config import load
from sfm2.core import ModelManager
from sfm2.types import Explanation

pytestmark = pytest.mark.engine

CODE = "def mysterious_function(x, y): return x**2 + y**2"


def test_the_sum_of_squares_is_no_square_of_a_sum() -> None:
    settings = load({"generation.timeout": 250.0}, environment={}).settings
    with ModelManager(settings) as manager:
        answers: list[Explanation] = [manager.explain(CODE) for _ in range(5)]
    for answer in answers:
        assert re.search(r"sum of (the |their )?squares|sum of the square of", answer.explanation), answer.explanation
        assert not re.search(r"square of (the|their) sum|squares the (sum|result)", answer.explanation)
        assert answer.facts[0].returns == ["x**2 + y**2"]
        assert answer.confidence > 0.5
