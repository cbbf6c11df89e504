"""The summary of a run, against counts by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfm2.cli.commands.eval.table import document
from tests.evals.sample_records import record

FAILED: dict[str, Any] = {
    "finish_reason": "error",
    "parses": None,
    "passed": False,
    "exact": False,
    "similarity": 0.0,
    "tokens": 0,
}
RECORDS = [
    record("a", passed=True, exact=True, similarity=1.0, stop="exact", tokens=4, seconds=1.0),
    record("b", passed=True, exact=False, similarity=0.5, stop="over", tokens=8, seconds=2.0, action="cut"),
    record("c", passed=False, exact=False, similarity=0.3, stop="under", tokens=6, seconds=3.0, parses=False),
    record("d", passed=False, exact=False, similarity=0.0, tokens=2, seconds=6.0, empty=True, action="abstained"),
    record("e", seconds=600.0, action="off", **FAILED),
]


def test_shares_are_of_what_they_say() -> None:
    found = document(RECORDS)
    assert (found["items"], found["unanswered"]) == (5, 1)
    assert {name: (round(one["value"] * one["of"], 6), one["of"]) for name, one in found["figures"].items()} == {
        "pass": (2, 5),  # of all: an item with an error did not pass
        "parse, of non-empty": (2, 3),
        "abstain": (1, 4),  # of those without an error
        "exact": (1, 5),
        "similarity": (1.8, 4),
        "stop where expected": (1, 3),  # of those that were measured
        "stop too late": (1, 3),
        "stop too early": (1, 3),
        "tokens": (20, 4),
        "time": (12, 4),
    }
    assert found["actions"] == {"kept": 2, "cut": 1, "abstained": 1}
    assert json.loads(json.dumps(found)) == found


def test_intervals_draw_sources_whole() -> None:
    alone = document([record(f"i{number}", passed=number % 2 == 0) for number in range(40)])["figures"]["pass"]
    grouped = document([record(f"i{number}", passed=number < 20, source=f"f{number // 20}") for number in range(40)])[
        "figures"
    ]["pass"]
    assert (grouped["low"], grouped["high"]) == (0.0, 1.0)
    assert 0.25 < alone["low"] < alone["value"] < alone["high"] < 0.75
    assert alone["value"] == pytest.approx(0.5)


def test_what_no_record_has_is_left_out() -> None:
    assert document([]) == {"items": 0, "unanswered": 0, "figures": {}, "actions": {}}
    failed = document([record("a", **FAILED)])
    assert (failed["unanswered"], set(failed["figures"])) == (1, {"pass", "exact"})
