"""Line and column -> the hole in a file's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.source_file import hole_at
from sfm2.errors import InvalidRequestError

TEXTS = st.text(st.sampled_from("ab \t\n\r\né😀\u2028\f"), max_size=40)


@pytest.mark.parametrize(
    ("text", "line", "column", "before"),
    [
        ("a = 1\nb = 2\n", 1, None, "a = 1"),
        ("a = 1\nb = 2\n", 2, 1, "a = 1\n"),
        ("a = 1\nb = 2\n", 2, 5, "a = 1\nb = "),
        ("a = 1\nb = 2\n", 2, 6, "a = 1\nb = 2"),
        ("a\r\nb\r\n", 1, None, "a"),
        ("a\r\nb\r\n", 2, None, "a\r\nb"),
        ("\tx\n", 1, 2, "\t"),
        ("é😀x", 1, 3, "é😀"),
        ("a\u2028b\n", 1, None, "a\u2028b"),
        ("a\fb\n", 1, None, "a\fb"),
        ("", 1, None, ""),
        ("", 1, 1, ""),
        ("a\n", 2, 1, "a\n"),
        ("a", 2, None, "a"),
    ],
    ids=repr,
)
def test_the_place_of_the_cursor(text: str, line: int, column: int | None, before: str) -> None:
    hole = hole_at(text, line, column)
    assert (hole.before, hole.after) == (before, text[len(before) :])


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a\nb\n", 4, None, "line 4 is past the end: the file has 2 lines"),
        ("a\nb", 4, None, "the file has 2 lines"),
        ("a\n", 3, None, "the file has 1 line$"),
        ("", 2, None, "the file has 0 lines"),
        ("abc\n", 1, 5, "column 5 is past the end of line 1, which has 3 characters"),
        ("a\r\nb", 1, 3, "column 3 is past the end of line 1, which has 1 character$"),
        ("a", 2, 2, "column 2 is past the end of line 2, which has 0 characters"),
    ],
)
def test_a_place_past_the_end(text: str, line: int, column: int | None, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        hole_at(text, line, column)


def test_the_completion_takes_the_line_ends_of_the_file() -> None:
    assert hole_at("a:\r\nb\r\n", 1).filled("\n  c\r\n  d") == "a:\r\n  c\r\n  d\r\nb\r\n"


def test_the_line_after_an_unfinished_last_one_begins_with_a_line_end() -> None:
    hole = hole_at("a\r\nb", 3)
    assert hole.prefix == "a\nb\n"
    assert hole.filled("c") == "a\r\nb\r\nc"


def test_the_model_sees_one_kind_of_line_end() -> None:
    hole = hole_at("a\r\nb\rc\n", 2)
    assert (hole.prefix, hole.suffix) == ("a\nb", "\nc\n")


def test_of_a_long_file_the_model_sees_what_is_near() -> None:
    text = "x" * 300_000 + "\n" + "y" * 100_000
    hole = hole_at(text, 1)
    assert (len(hole.prefix), len(hole.suffix)) == (200_000, 50_000)
    assert hole.suffix.startswith("\nyyy")


@given(text=TEXTS, data=st.data())
def test_the_empty_completion_changes_nothing(text: str, data: st.DataObject) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.none() | st.integers(1, len(lines[line - 1]) + 1))
    assert hole_at(text, line, column).filled("") == text


@given(text=TEXTS, completion=TEXTS, data=st.data())
def test_a_completion_changes_nothing_around_it(text: str, completion: str, data: st.DataObject) -> None:
    last = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    hole = hole_at(text, data.draw(st.integers(1, last)))
    filled = hole.filled(completion)
    assert filled.startswith(hole.before)
    assert filled.endswith(hole.after)
