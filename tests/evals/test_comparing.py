"""Comparing two runs, against results worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sfm2.errors import InvalidRequestError
from sfm2.evals.comparing import Difference, compare
from sfm2.evals.results import Results
from tests.evals.sample_records import in_memory, record


def runs(first: dict[str, dict[str, Any]], second: dict[str, dict[str, Any]]) -> tuple[Results, Results]:
    one, other = ([record(name, **known) for name, known in run.items()] for run in (first, second))
    return in_memory(one), in_memory(other)


def measured(first: dict[str, dict[str, Any]], second: dict[str, dict[str, Any]]) -> dict[str, Difference]:
    return {one.measure.name: one for one in compare(*runs(first, second)).differences}


def test_items_are_paired_by_id_whatever_their_order() -> None:
    found = compare(*runs({"a": {}, "b": {}, "c": {}}, {"d": {}, "c": {}, "a": {}}))
    assert found.pairs == 2
    assert found.alone == (1, 1)


def test_passes_are_tested_by_mcnemar_and_the_changed_items_are_named() -> None:
    first = {f"i{number}": {"passed": number < 4} for number in range(10)}
    second = {f"i{number}": {"passed": number >= 1} for number in range(10)}
    found = measured(first, second)["pass"]
    assert (found.first, found.second) == (0.4, 0.9)
    assert found.difference == pytest.approx(0.5)
    assert found.gained == ["i4", "i5", "i6", "i7", "i8", "i9"]
    assert found.lost == ["i0"]
    assert found.p == pytest.approx(2 * (1 + 7) / 128)
    assert found.low < 0.5 < found.high


def test_numbers_are_tested_by_signs() -> None:
    first = {f"i{number}": {"seconds": 1.0} for number in range(3)}
    second = {f"i{number}": {"seconds": 2.0 + number} for number in range(3)}
    found = measured(first, second)["time"]
    assert found.difference == pytest.approx(2)
    assert found.p == pytest.approx(2 / 8)
    assert found.gained == []


def test_the_parse_rate_is_of_items_that_neither_left_empty_and_abstentions_stand_beside_it() -> None:
    first: dict[str, dict[str, Any]] = {"a": {"parses": True}, "b": {"parses": False}, "c": {"empty": True}}
    second: dict[str, dict[str, Any]] = {"a": {"parses": True}, "b": {"empty": True}, "c": {"parses": True}}
    found = measured(first, second)
    assert found["parse, of non-empty"].pairs == 1
    assert (found["abstain"].gained, found["abstain"].lost) == (["b"], ["c"])


def test_stops_are_compared_three_ways_where_both_stopped() -> None:
    first: dict[str, dict[str, Any]] = {"a": {"stop": "over"}, "b": {"stop": "exact"}, "c": {"stop": None}}
    second = {"a": {"stop": "exact"}, "b": {"stop": "under"}, "c": {"stop": "exact"}}
    found = measured(first, second)
    assert found["stop where expected"].pairs == 2
    assert (found["stop where expected"].gained, found["stop where expected"].lost) == (["a"], ["b"])
    assert found["stop too late"].lost == ["a"]
    assert found["stop too early"].gained == ["b"]


def test_measures_that_nobody_took_are_not_told() -> None:
    assert "pass" not in measured({"a": {}}, {"a": {"passed": True}})


def test_a_run_against_itself_differs_in_nothing() -> None:
    same = {f"i{number}": {"passed": number % 2 == 0, "tokens": number} for number in range(20)}
    for one in measured(same, same).values():
        assert (one.difference, one.low, one.high, one.p) == (0, 0, 0, 1)


def test_different_suites_and_no_common_items_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="mbpp and repo"):
        compare(in_memory([record("a")], suite="mbpp"), in_memory([record("a")]))
    with pytest.raises(InvalidRequestError, match="no items in common: 1 in the first, 2 in the second"):
        compare(*runs({"a": {}}, {"b": {}, "c": {}}))
