"""An answer is shown as it is, however it arrives."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.code_view import CodeView
from sfm2.cli.following import follow
from sfm2.cli.prose_view import ProseView
from sfm2.types import Chunk, Reply

PIECES = st.lists(st.text(st.sampled_from(" \t\nab():_é日'\"#"), max_size=8), max_size=10)
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def answer(text: str) -> Reply:
    return Reply(text=text, model_used="sfm2", processing_time=0, finish_reason="stop")


def stream(pieces: list[str]) -> Generator[Chunk | Reply, None, None]:
    yield from (Chunk(text=piece) for piece in pieces)
    yield answer("".join(pieces))


@given(before=st.text(st.sampled_from("ab():\n "), max_size=12), pieces=PIECES, colour=st.booleans())
def test_code_is_what_stood_before_it_and_what_came(before: str, pieces: list[str], colour: bool) -> None:
    written: list[str] = []
    reply = follow(stream(pieces), CodeView(written.append, "python", colour), lambda: "", before)
    whole = before + "".join(pieces)
    assert ESCAPES.sub("", "".join(written)) == whole + ("" if whole.endswith("\n") else "\n")
    assert reply.text == "".join(pieces)


@given(pieces=PIECES, width=st.none() | st.integers(10, 80))
def test_prose_loses_no_word(pieces: list[str], width: int | None) -> None:
    written: list[str] = []
    follow(stream(pieces), ProseView(written.append, width), lambda: "")
    assert "".join(written).split() == "".join(pieces).split()


def test_what_came_is_shown_and_the_stream_closed_when_it_breaks() -> None:
    written: list[str] = []
    closed: list[bool] = []

    def breaking() -> Generator[Chunk | Reply, None, None]:
        try:
            yield Chunk(text="half a li")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        follow(breaking(), CodeView(written.append, "python", colour=False), lambda: "")
    assert ("".join(written), closed) == ("half a li\n", [True])
