"""Prose on a terminal: lines end between words."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sfm2.cli.prose_view import ProseView

WORDS = st.sampled_from(["a", "word", "`name`", "extraordinarily", "-", "1.", "日本語", "é", "```", "x=1"])
SPACES = st.sampled_from([" ", "  ", "\n", "\n\n", "\n    "])
TEXTS = st.lists(st.tuples(WORDS, SPACES), max_size=30).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)


def shown(*pieces: str, width: int | None) -> str:
    written: list[str] = []
    view = ProseView(written.append, width)
    for piece in pieces:
        view.feed(piece)
    view.close()
    return "".join(written)


@given(text=TEXTS, width=st.integers(10, 60), cuts=st.lists(st.integers(0, 200)))
def test_words_stay_in_order_and_lines_within_the_width_however_the_text_comes(
    text: str, width: int, cuts: list[int]
) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    whole = shown(*pieces, width=width)
    assert whole == shown(text, width=width)
    assert whole.split() == text.split()
    if "```" not in text:
        assert all(cell_len(line) <= width or len(line.split()) == 1 for line in whole.splitlines())


@given(text=TEXTS)
def test_without_a_width_nothing_changes(text: str) -> None:
    assert shown(*text, width=None) == text + ("" if text.endswith("\n") or not text else "\n")


def test_a_word_appears_when_it_is_complete() -> None:
    written: list[str] = []
    view = ProseView(written.append, 40)
    view.feed("This fun")
    assert "".join(written) == "This"
    view.feed("ction ")
    assert "".join(written) == "This function"


def test_items_of_a_list_hang() -> None:
    text = "It does:\n\n- sort the numbers of the list\n  1. and then count them all\nThe end of it all is here"
    assert shown(text, width=20).splitlines() == [
        "It does:",
        "",
        "- sort the numbers",
        "  of the list",
        "  1. and then count",
        "     them all",
        "The end of it all is",
        "here",
    ]


def test_code_keeps_its_lines() -> None:
    text = "Such as\n\n```python\nreturn first_number ** 2 + second\n    if x:\n```\n\nwhich is the sum of it all"
    lines = shown(text, width=20).splitlines()
    assert lines[2:6] == ["```python", "return first_number ** 2 + second", "    if x:", "```"]
    assert lines[7:] == ["which is the sum of", "it all"]


def test_nothing_that_steers_the_terminal_gets_through() -> None:
    assert shown("a\x1b[2Jb", width=20) == "a␛[2Jb\n"
