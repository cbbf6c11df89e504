"""What is left of a text when white space around it is removed while it arrives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.core.output_filter import TrimFilter


@given(st.lists(st.text(" \n\tab\u3000", max_size=5)))
def test_however_it_is_split_the_text_is_trimmed(pieces: list[str]) -> None:
    trimmed = TrimFilter()
    shown = [trimmed.feed(piece) for piece in pieces]
    shown.append(trimmed.finish())
    assert "".join(shown) == trimmed.text == "".join(pieces).strip()


@given(st.lists(st.text(" a", min_size=1, max_size=5), min_size=1))
def test_only_white_space_is_held_back(pieces: list[str]) -> None:
    trimmed = TrimFilter()
    for piece in pieces:
        trimmed.feed(piece)
    assert trimmed.text == "".join(pieces).strip()
