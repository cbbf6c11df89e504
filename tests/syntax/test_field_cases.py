"""What the guard makes of drafts for inputs made after public bug reports and awkward files (`golden/field.jsonl`).

Each has the file's `path` or `language` as a client names it, `prefix` and `suffix`, the model's `draft`, and what is right
to leave of it (`expect`). The kinds are those of the report that they are from; most drafts are right as they are, and stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfm2.syntax.guard import guarded
from sfm2.syntax.recognition import recognise
from sfm2.types import Mode

FILE = Path(__file__).parent.parent / "golden" / "field.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}-{case['id']}")
def test_what_is_left_of_a_draft(case: dict[str, Any]) -> None:
    found = recognise(case["prefix"], case["suffix"], language=case.get("language"), path=case.get("path"))
    text, _ = guarded(
        case["draft"],
        prefix=case["prefix"],
        suffix=case["suffix"],
        language=found.language,
        mode=Mode(case["mode"]),
        model_stopped=case.get("ended", True),
    )
    assert text == case["expect"]


def test_the_cases_are_many_and_most_are_kept() -> None:
    kept = sum(case["draft"] == case["expect"] for case in CASES)
    assert len(CASES) >= 110
    assert kept >= 80
