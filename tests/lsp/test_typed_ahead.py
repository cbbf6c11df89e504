"""A completion serves all the places along its text, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.lsp.question import Question, Terms
from sfm2.lsp.received import Received
from sfm2.lsp.typed_ahead import TypedAhead
from sfm2.types import Completion

TERMS = Terms("file:///a.py", "a.py", None, 96, None, None)


def answer(text: str) -> Completion:
    return Completion(
        generated_code=text, completion=text, model_used="echo", confidence=0.9, processing_time=0, finish_reason="stop"
    )


def kept(before: str, after: str, completion: str) -> TypedAhead:
    cache = TypedAhead()
    cache.put(Question(TERMS, before, after), Received.of(answer(completion)))
    return cache


@given(st.text(), st.text(), st.text(min_size=1), st.data())
def test_typing_along_leaves_the_rest(before: str, after: str, completion: str, data: st.DataObject) -> None:
    completion = completion.replace("\r", "")
    typed = data.draw(st.integers(0, max(0, len(completion) - 1)))
    found = kept(before, after, completion).find(Question(TERMS, before + completion[:typed], after))
    assert found is not None
    assert (found.text, found.replaced) == (completion[typed:], 0)


@given(st.text("ab\n()", max_size=6), st.text("ab\n()", max_size=6), st.text("ab\n()", max_size=6), st.data())
def test_what_is_found_makes_the_text_that_was_suggested(
    before: str, after: str, completion: str, data: st.DataObject
) -> None:
    now, behind = data.draw(st.text("ab\n()", max_size=9)), data.draw(st.text("ab\n()", max_size=9))
    found = kept(before, after, completion).find(Question(TERMS, now, behind))
    if found is not None:
        assert now + found.text + behind[found.replaced :] == before + completion + after


def test_going_back_finds_it_again_and_the_end_asks_anew() -> None:
    cache = kept("x = ", "", "foo()")
    assert cache.find(Question(TERMS, "x =", "")) is None
    assert cache.find(Question(TERMS, "x = foo()", "")) is None
    assert cache.find(Question(TERMS, "x = ", "")) is not None


@pytest.mark.parametrize(
    "other",
    [
        Question(TERMS, "y = ", ""),
        Question(TERMS, "x = b", ""),
        Question(TERMS, "x = ", "\n"),
        Question(replace(TERMS, uri="file:///b.py"), "x = ", ""),
        Question(replace(TERMS, max_length=97), "x = ", ""),
        Question(replace(TERMS, adapter="mine"), "x = ", ""),
    ],
)
def test_everything_that_changes_the_answer_counts(other: Question) -> None:
    assert kept("x = ", "", "foo()").find(other) is None


def test_a_bracket_that_the_editor_has_closed_is_replaced() -> None:
    cache = kept("x = ", "\n", "foo(a, [1])\nbar")
    found = cache.find(Question(TERMS, "x = foo(", ")\n"))
    assert found is not None
    assert (found.text, found.replaced) == ("a, [1])\nbar", 1)
    assert cache.find(Question(TERMS, "x = foo(", "}\n")) is None  # it is not in the suggestion
    assert cache.find(Question(TERMS, "x = ", ")\n")) is None  # no opener was typed


def test_windows_line_ends_are_typed_as_one() -> None:
    found = kept("if x:\r\n", "", "    a\n    b").find(Question(TERMS, "if x:\r\n    a\r\n", ""))
    assert found is not None
    assert found.text == "    b"


def test_completions_expire_and_are_few() -> None:
    now = [0.0]
    cache = TypedAhead(clock=lambda: now[0])
    for number in range(300):
        cache.put(Question(TERMS, str(number), ""), Received.of(answer("x")))
    assert cache.find(Question(TERMS, "0", "")) is None
    assert cache.find(Question(TERMS, "299", "")) is not None
    now[0] = 601
    assert cache.find(Question(TERMS, "299", "")) is None
