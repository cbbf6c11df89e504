"""Columns and documents, against a plain string and an editor's arithmetic."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from sfm2.lsp import positions
from sfm2.lsp.documents import Document, LineColumn
from sfm2.lsp.positions import Encoding
from tests.lsp.editor import applied, at, offset

ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])
# What goes wrong elsewhere: two units of UTF-16, two to four bytes, joined emoji, line ends that are none for an editor.
CHARS = st.sampled_from(list("ab \t(é€日😀👩‍🚀\u200d\u0301\x0c\x0b\x85\u2028\u2029"))
LINES = st.text(CHARS, max_size=8)
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=6).map(
    lambda lines: "".join(line + end for line, end in lines)
)


@pytest.mark.parametrize(
    ("encoding", "column", "index"),
    [("utf-8", 4, 1), ("utf-16", 2, 1), ("utf-32", 1, 1), ("utf-8", 5, 2), ("utf-16", 3, 2), ("utf-32", 2, 2)],
)
def test_an_emoji_before_the_cursor(encoding: Encoding, column: int, index: int) -> None:
    assert positions.index("😀x", column, encoding) == index
    assert positions.units("😀x"[:index], encoding) == column


@given(st.text(), ENCODINGS)
def test_there_and_back(line: str, encoding: Encoding) -> None:
    for index in range(len(line) + 1):
        assert positions.index(line, positions.units(line[:index], encoding), encoding) == index


@given(st.text(), st.integers(-3, 60), ENCODINGS)
def test_a_column_in_a_character_or_outside_is_moved(line: str, column: int, encoding: Encoding) -> None:
    index = positions.index(line, column, encoding)
    assert 0 <= index <= len(line)
    assert positions.units(line[:index], encoding) <= max(0, column)
    if index < len(line):
        assert positions.units(line[: index + 1], encoding) > column


def test_half_a_surrogate_pair_counts_as_it_stands() -> None:
    assert [positions.units("\ud83dx", encoding) for encoding in ("utf-8", "utf-16", "utf-32")] == [4, 2, 2]


def client_position(text: str, index: int, encoding: str) -> types.Position:
    codec, size = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[encoding]
    ends = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
    start = max(end for end in ends if end <= index)
    return at(ends.index(start), len(text[start:index].encode(codec)) // size)


def places(text: str) -> list[int]:
    """Where a cursor can be: not within a CRLF."""
    return [i for i in range(len(text) + 1) if text[max(0, i - 1) : i + 1] != "\r\n"]


@given(TEXTS, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), TEXTS | LINES), max_size=5), ENCODINGS)
def test_edits_keep_the_document_as_the_editor_has_it(
    text: str, edits: list[tuple[int, int, str]], encoding: Encoding
) -> None:
    document = Document("file:///a.py", text, encoding=encoding)
    for first, second, new in edits:
        cursors = places(text)
        start, end = sorted((cursors[first % len(cursors)], cursors[second % len(cursors)]))
        span = types.Range(client_position(text, start, encoding), client_position(text, end, encoding))
        assert document.within(span) == text[start:end]
        document.edit(span, new)
        text = text[:start] + new + text[end:]
        assert document.text == text
    # And it is the same as if it were opened anew.
    fresh = Document("file:///a.py", text, encoding=encoding)
    assert [document.before(LineColumn(n, 0)) for n in range(text.count("\n"))] == [
        fresh.before(LineColumn(n, 0)) for n in range(text.count("\n"))
    ]


@given(TEXTS, st.integers(0, 99), ENCODINGS)
def test_a_place_splits_the_text_and_goes_back_to_its_position(text: str, at_: int, encoding: Encoding) -> None:
    index = places(text)[at_ % len(places(text))]
    document = Document("file:///a.py", text, encoding=encoding)
    position = client_position(text, index, encoding)
    place = document.place(position)
    assert (document.before(place), document.after(place)) == (text[:index], text[index:])
    assert document.position(place) == position
    assert offset(text, position, encoding) == index


def test_positions_outside_are_moved_to_the_nearest_place() -> None:
    document = Document("file:///a.py", "ab\r\ncd")
    assert document.place(at(0, 99)) == LineColumn(0, 2)  # before the line end, not in it
    assert document.place(at(9, 0)) == LineColumn(1, 2)


def test_a_form_feed_ends_no_line() -> None:
    document = Document("file:///a.py", "a\x0cb\u2028c\nd")
    assert document.before(document.place(at(1, 1))) == "a\x0cb\u2028c\nd"


@given(TEXTS, st.integers(0, 99), st.text(CHARS, max_size=5), ENCODINGS)
def test_a_ranges_edit_is_the_editors(text: str, at_: int, new: str, encoding: Encoding) -> None:
    index = places(text)[at_ % len(places(text))]
    document = Document("file:///a.py", text, encoding=encoding)
    place = document.place(client_position(text, index, encoding))
    start = document.word_start(place)
    span = document.span(place.line, start, place.column)
    typed = document.within(span)
    assert applied(text, types.TextEdit(span, typed + new), encoding) == text[:index] + new + text[index:]


@pytest.mark.parametrize(
    ("text", "newline"), [("a\r\nb\r\nc\n", "\r\n"), ("a\nb\r\n", "\n"), ("a", "\n"), ("", "\n"), ("a\rb\r", "\r")]
)
def test_the_line_end_in_use(text: str, newline: str) -> None:
    assert Document("file:///a.py", text).newline_near(0) == newline
