"""Lengths of time as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.durations import seconds_of
from sfm2.types import LONGEST_LIFETIME

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@given(st.integers(0, 10**9 - 1), st.sampled_from(sorted(UNITS)))
def test_a_number_and_a_unit_are_seconds_up_to_ten_years(number: int, unit: str) -> None:
    seconds = number * UNITS[unit]
    if seconds <= LONGEST_LIFETIME:
        assert seconds_of(f"{number}{unit}") == seconds
    else:
        with pytest.raises(ValueError, match="longer than ten years"):
            seconds_of(f"{number}{unit}")


@given(st.text(max_size=12))
def test_any_text_is_a_length_of_time_or_refused(text: str) -> None:
    try:
        assert 0 <= seconds_of(text) <= LONGEST_LIFETIME
    except ValueError as error:
        assert "ten years" in str(error) or "such as 90d" in str(error)  # noqa: PT017


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "1 h", "90D", "1h30m", "٣d", "1000000000s"])
def test_other_forms_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90d"):
        seconds_of(text)
