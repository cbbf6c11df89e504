"""Code on a terminal, line by line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.code_view import CodeView, coloured
from sfm2.cli.terminal import visible
from sfm2.types import Language

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def shown(*pieces: str, colour: bool = True, context: str = "", language: str = "python") -> list[str]:
    """What was written after each piece, and at the end."""
    written: list[str] = []
    view = CodeView(written.append, language, colour, context)
    states = []
    for piece in pieces:
        view.feed(piece)
        states.append("".join(written))
    view.close()
    return [*states, "".join(written)]


def plain(text: str) -> str:
    return ESCAPES.sub("", text)


def test_a_line_appears_when_it_is_complete() -> None:
    first, second, end = shown("def f(", "):\n    retu", "rn 1")[0:3]
    assert first == ""
    assert plain(second) == "def f():\n"
    assert plain(end) == "def f():\n"
    assert plain(shown("def f(", "):\n    retu", "rn 1")[-1]) == "def f():\n    return 1\n"


def test_without_colour_text_appears_at_once() -> None:
    assert shown("de", "f", colour=False) == ["de", "def", "def\n"]


def test_the_state_goes_over_lines() -> None:
    in_string = shown('"""one\n', "def two\n", '"""\n')
    colours = {ESCAPES.findall(line)[0] for line in in_string[-1].splitlines()}
    assert len(colours) == 1
    assert shown("def two\n")[-1] not in in_string[-1]


def test_the_context_gives_colours_and_is_not_shown() -> None:
    string = shown("def two\n", context='x = """one\n')[-1]
    assert plain(string) == "def two\n"
    assert string != shown("def two\n")[-1]


def test_code_keeps_its_tabs_blank_lines_and_spaces() -> None:
    code = "\n\n\tif x:  \n\t\t# y\n"
    assert plain(shown(*code)[-1]) == code


def test_a_long_text_shows_each_character_once() -> None:
    lines = [f"x{i} = '{i}'\n" for i in range(150)]
    assert plain(shown(*lines)[-1]) == "".join(lines)


def test_nothing_that_steers_the_terminal_gets_through() -> None:
    text = shown("x = '\x1b]0;title\x07\x9b2J'\r\n", colour=False)[-1]
    assert text == "x = '␛]0;title␇�2J'\n"
    assert visible("\ttabs and\nlines stay, é😀 too") == "\ttabs and\nlines stay, é😀 too"


@pytest.mark.parametrize("language", Language)
def test_every_language_has_colours_or_is_plain(language: Language) -> None:
    assert plain(coloured("x = 1\n", 0, language)) == "x = 1\n"


@given(
    pieces=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=12),
    language=st.sampled_from(Language),
    colour=st.booleans(),
)
def test_what_is_shown_is_what_came_however_it_came(pieces: list[str], language: Language, colour: bool) -> None:
    came = visible("".join(pieces))
    assert plain(shown(*pieces, colour=colour, language=language)[-1]) == came + ("" if came.endswith("\n") else "\n")
