"""Which sentences of an explanation are passed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.core.output_filter import MOST_SENTENCES, SentenceFilter
from sfm2.explaining import Grounds, read

CODE = "def mysterious_function(x, y): return x**2 + y**2"
GROUNDS = Grounds(CODE, read(CODE, "python"))
RIGHT = ["It returns the sum of the squares of `x` and `y`.", "Both are numbers.", "Nothing is changed."]
WRONG = ["It returns the square of the sum.", "It sorts `z`."]


def filtered(pieces: list[str], *, stopped: bool = True) -> tuple[str, SentenceFilter]:
    """What was shown, piece by piece, and the filter."""
    found = SentenceFilter(GROUNDS)
    shown = ""
    for piece in pieces:
        shown += found.feed(piece)
        if found.ended:
            break
    return shown + found.finish(stopped), found


@given(
    st.lists(st.sampled_from(RIGHT + WRONG), min_size=1, max_size=6), st.sampled_from([" ", "\n", "\n\n"]), st.data()
)
def test_however_it_arrives_what_agrees_is_shown_and_no_more(said: list[str], space: str, data: st.DataObject) -> None:
    text = space.join(said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    shown, found = filtered(pieces)
    right = [one for one in said if one in RIGHT][:MOST_SENTENCES]
    assert shown == found.text == (space.join(right).replace(space, space) if right else GROUNDS.reading)
    assert all(one not in shown for one in WRONG)
    assert shown == filtered([text])[0]


def test_an_unfinished_sentence_is_left_out_unless_it_is_the_first() -> None:
    assert filtered([RIGHT[0] + " Both are num"], stopped=False)[0] == RIGHT[0]
    assert filtered(["It returns the sum of the"], stopped=False)[0] == "It returns the sum of the"


def test_what_was_left_out_is_counted() -> None:
    assert filtered([f"{WRONG[0]} {RIGHT[0]}"])[1].report.dropped == len(WRONG[0])
    assert filtered([RIGHT[0]])[1].report.dropped == 0


def test_the_stream_ends_when_enough_was_said() -> None:
    enough = " ".join(RIGHT[:MOST_SENTENCES])
    shown, found = filtered([enough + " ", "And", " so on for ever"])
    assert (shown, found.ended, found.cut) == (enough, True, True)


def test_nothing_said_is_what_was_read() -> None:
    assert filtered([""])[0] == GROUNDS.reading
