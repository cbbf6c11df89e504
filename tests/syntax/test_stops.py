"""Stop texts cut a stream, however it is split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.syntax.stops import StopTexts


def cut(pieces: list[str], stops: list[str]) -> str:
    filter_ = StopTexts(stops)
    return "".join(filter_.feed(piece) for piece in pieces) + filter_.finish()


def test_cuts_where_the_first_stop_begins() -> None:
    assert cut(["return 1\n", "#", " end"], ["# end", "zzz"]) == "return 1\n"


def test_what_only_looked_like_a_stop_is_shown() -> None:
    assert cut(["a", "#", "b"], ["# end"]) == "a#b"


@pytest.mark.parametrize("pieces", [["\na\n"], ["\na", "\n"], ["\n", "a", "\n"]])
def test_of_two_that_overlap_the_one_that_is_complete_first_counts(pieces: list[str]) -> None:
    assert cut(pieces, ["a", "\na\n"]) == "\n"


def test_says_when_it_has_ended() -> None:
    stops = StopTexts(["END"])
    assert stops.feed("x EN") == "x "
    assert not stops.ended
    assert stops.feed("D y") == ""
    assert stops.ended


words = st.text(alphabet="ab\n", max_size=4)


@given(pieces=st.lists(words, max_size=10), stops=st.lists(words, max_size=3))
def test_equals_cutting_the_whole_text(pieces: list[str], stops: list[str]) -> None:
    whole = "".join(pieces)
    found = [(whole.find(stop) + len(stop), whole.find(stop)) for stop in stops if stop and stop in whole]
    assert cut(pieces, stops) == (whole[: min(found)[1]] if found else whole)
