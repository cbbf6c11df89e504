"""From a completion to a record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sfm2.errors import ModelUnavailableError
from sfm2.evals.grading import UNPARSED, graded, parses_in_place, unanswered
from sfm2.evals.items import Item, Record
from sfm2.evals.sandbox import Sandbox
from sfm2.types import Completion

ITEM = Item(
    id="a",
    source="a.py",
    prefix="def one():\n    return ",
    suffix="\n",
    language="python",
    kind="line",
    expected="1",
    test="assert one() == 1\n",
    entry_point="one",
)


def answer(text: str, **known: Any) -> Completion:
    plain: dict[str, Any] = {
        "generated_code": text,
        "completion": text,
        "model_used": "echo",
        "weights": "ab" * 32,
        "confidence": 0.25,
        "guard": {"action": "cut", "reasons": ["line_end"]},
        "features": {"mean_logprob": -0.5},
        "processing_time": 0.1,
        "finish_reason": "stop",
        "tokens": {"prompt": 3, "completion": 2, "total": 5},
    }
    return Completion.model_validate(plain | known)


def record(item: Item, text: str, **known: Any) -> Record:
    return asyncio.run(graded(item, answer(text, **known), 0.5, Sandbox()))


def placed(prefix: str, suffix: str, language: str) -> Item:
    return Item("a", "a", prefix, suffix, language, "line")


@pytest.mark.parametrize(
    ("prefix", "completion", "suffix", "parses"),
    [
        ("def one():\n    return ", "1", "\n", True),
        ("def one():\n    return ", "(1", "\n", False),
        ("def one():\n    return ", "(1", ")\n", True),
        ("return ", "1", "\n", False),  # only a compiler sees that: it is outside a function
        ("pattern = ", "'\\d'", "\n", True),
        ("number = ", "1\x00", "\n", False),
        ("number = ", "(" * 1000 + ")" * 1000, "\n", False),
        ("x: ", "int", " = 1\nfrom __future__ import annotations\n", False),
        ("", "", "", True),
    ],
)
def test_python_is_judged_by_its_compiler(prefix: str, completion: str, suffix: str, parses: bool) -> None:
    assert parses_in_place(placed(prefix, suffix, "python"), completion) is parses


def test_other_languages_are_judged_in_place() -> None:
    hole = placed("function one() {\n  return ", ";\n}\n", "javascript")
    assert parses_in_place(hole, "[1].length") is True
    assert parses_in_place(hole, "[1.length") is False
    assert parses_in_place(placed("fn one() -> u8 { ", " }\n", "rust"), "1") is True
    assert parses_in_place(placed("fn one() -> u8 { ", " }\n", "rust"), "1 }") is False


def test_what_nobody_judges_is_not_judged() -> None:
    assert parses_in_place(placed("Once ", "", "text"), "upon ((") is None


def test_a_right_answer() -> None:
    found = record(ITEM, "1")
    assert (found.passed, found.parses, found.exact, found.similarity, found.stop) == (True, True, True, 1.0, "exact")
    assert (found.empty, found.error, found.answered, found.correct) == (False, None, True, True)
    assert (found.id, found.source, found.kind, found.language) == ("a", "a.py", "line", "python")


def test_what_the_model_says_of_itself_is_kept() -> None:
    found = record(ITEM, "1", finish_reason="length")
    assert (found.action, found.reasons, found.features) == ("cut", ["line_end"], {"mean_logprob": -0.5})
    assert (found.confidence, found.calibrated, found.tokens, found.seconds) == (0.25, False, 2, 0.5)
    assert (found.model_used, found.weights, found.finish_reason) == ("echo", "ab" * 32, "length")


def test_other_text_that_passes_is_right() -> None:
    found = record(ITEM, "2 - 1")
    assert (found.passed, found.exact, found.correct) == (True, False, True)
    assert 0 < (found.similarity or 0) < 1


def test_a_wrong_answer_says_what_its_test_said() -> None:
    found = record(ITEM, "2")
    assert (found.passed, found.parses, found.error, found.correct) == (False, True, "AssertionError", False)


def test_what_does_not_parse_is_not_run() -> None:
    found = record(ITEM, "(1")
    assert (found.passed, found.parses, found.error) == (False, False, UNPARSED)


def test_an_empty_answer_is_an_abstention() -> None:
    item = replace(ITEM, prefix="def one():\n    return (\n", suffix=")\n")
    found = record(item, " \n")
    assert (found.empty, found.parses, found.passed, found.stop) == (True, True, False, None)
    assert found.answered


def test_without_a_test_the_text_decides() -> None:
    item = replace(ITEM, test=None)
    assert [record(item, text).correct for text in ("1", "1 \n", "2 - 1")] == [True, True, False]
    assert record(item, "1").passed is None
    open_ended = record(replace(item, expected=None), "1")
    assert (open_ended.correct, open_ended.exact, open_ended.similarity) == (None, None, None)


def test_who_is_not_answered_is_wrong_but_not_empty() -> None:
    found = unanswered(ITEM, ModelUnavailableError("nobody there"), 1.5)
    assert (found.answered, found.correct, found.empty, found.parses) == (False, False, False, None)
    assert (found.error, found.seconds) == ("model_unavailable: nobody there", 1.5)
    untested = unanswered(replace(ITEM, test=None, expected=None), ModelUnavailableError("nobody there"), 1.5)
    assert (untested.passed, untested.exact, untested.correct) == (None, None, None)
