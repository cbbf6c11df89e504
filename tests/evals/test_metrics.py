"""Exact match and edit similarity: known values, bounds and symmetries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.evals import metrics
from sfm2.evals.items import Item
from sfm2.evals.metrics import Measures

TEXTS = st.text(alphabet="abé(\n ", max_size=40)


@pytest.mark.parametrize(
    ("ours", "theirs", "steps"),
    [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("a" * 90, "b", 90)],
)
def test_the_distance_counts_single_changes(ours: str, theirs: str, steps: int) -> None:
    assert metrics.distance(ours, theirs) == steps


@given(TEXTS, TEXTS)
def test_the_distance_is_that_of_the_table_of_the_textbook(ours: str, theirs: str) -> None:
    row = list(range(len(theirs) + 1))
    for index, character in enumerate(ours, 1):
        last, row = row, [index]
        for place, other in enumerate(theirs, 1):
            row.append(min(last[place] + 1, row[-1] + 1, last[place - 1] + (character != other)))
    assert metrics.distance(ours, theirs) == row[-1]


@given(TEXTS, TEXTS)
def test_similarity_is_a_share_is_symmetric_and_is_one_for_equal_texts_only(ours: str, theirs: str) -> None:
    found = metrics.similarity(ours, theirs)
    assert 0 <= found <= 1
    assert found == metrics.similarity(theirs, ours)
    assert (found == 1) == metrics.exact(ours, theirs)


def test_white_space_at_the_end_is_no_difference_and_at_the_beginning_is_one() -> None:
    assert metrics.exact("return x\n", "return x")
    assert not metrics.exact(" return x", "return x")
    assert metrics.similarity("abcd", "abce") == 0.75


def test_an_abstention_is_unlike_everything_and_stops_nowhere() -> None:
    assert metrics.measure(_item(expected="return 1"), " \n") == Measures(False, 0.0, None, False, None)


def test_nothing_is_measured_against_no_expected_text() -> None:
    assert metrics.measure(_item(expected=None), "return 1") == Measures(None, None, None)


def test_the_expected_text_measures_perfectly() -> None:
    assert metrics.measure(_item(expected="return 1"), "return 1") == Measures(True, 1.0, "exact", True, False)


def test_lines_are_counted_without_white_space_around_them() -> None:
    found = metrics.measure(_item(expected="return 1\n"), "\n return 1 \n\nreturn 2")
    assert (found.exact, found.first_line, found.more_lines) == (False, True, True)


def _item(expected: str | None) -> Item:
    prefix = "def one():\n    "
    return Item("one", "one.py", prefix, "\n", "python", "block", expected=expected)
