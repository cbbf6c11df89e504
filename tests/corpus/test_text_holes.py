"""Holes that are found without a grammar."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.corpus.holes import BLOCK_LINES, fits
from sfm2.corpus.text_holes import KINDS, UnparsedFile

HASH = r"#[^\n]*"
YAML = """\
# a comment: with a key
services:
  web:
    image: "nginx:1.27"
    ports:
      - "8080:80"
      - "8443:tls"
      - "9090:90"
volumes: [first, second]
"""
GO = """\
func area(width, height int) int {
\t/* two lines of
\t   a comment */
\tif width < 0 {
\t\twidth = -width

\t\theight = -height
\t}
\treturn width * height
}
"""


def texts(text: str, kind: str, comment: str = r"//[^\n]*|/\*[\s\S]*?\*/") -> list[str]:
    return [text[hole.start : hole.end] for hole in UnparsedFile(text, comment).holes(kind, Random(0))]


def test_a_line_is_whole_and_no_comment() -> None:
    assert texts(GO, "line") == [
        "func area(width, height int) int {",
        "if width < 0 {",
        "width = -width",
        "height = -height",
        "return width * height",
    ]


def test_a_block_is_what_is_indented_deeper_with_its_blank_lines() -> None:
    [inner] = texts(GO, "block")
    assert inner == "width = -width\n\n\t\theight = -height"  # the function's own body begins with a comment


def test_without_indentation_a_block_is_lines_between_blank_ones() -> None:
    text = "FROM alpine:3.20\n\nRUN apk add curl\nCOPY . /app\nWORKDIR /app\n\nCMD run\n"
    assert texts(text, "block", HASH) == ["RUN apk add curl\nCOPY . /app\nWORKDIR /app"]


def test_an_item_stands_between_others_of_its_kind_and_begins_after_its_bullet() -> None:
    assert texts(YAML, "item", HASH) == ['"8443:tls"']
    assert texts("pairs = {\n  a: 1111,\n  b: 2222,\n  c: 3333,\n}\n", "item", HASH) == ["b: 2222,"]


def test_inside_has_its_closer_behind_the_cursor() -> None:
    file = UnparsedFile(YAML, HASH)
    holes = file.holes("inside", Random(0))
    assert {YAML[hole.start - 1] + YAML[hole.end] for hole in holes} == {'""', "[]"}
    assert "first, second" in [YAML[hole.start : hole.end] for hole in holes]


def test_a_rest_begins_within_its_line_and_ends_with_it() -> None:
    for seed in range(20):
        for hole in UnparsedFile(GO, "(?!)").holes("rest", Random(seed)):
            line_start = GO.rfind("\n", 0, hole.start) + 1
            assert GO[line_start : hole.start].strip()
            assert GO[hole.end] == "\n"


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(alphabet="ab_ \t\r\n-:,\"'()[]{}#é", max_size=300), seed=st.integers(0, 3))
def test_every_hole_is_code_of_a_fitting_length(kind: str, text: str, seed: int) -> None:
    for hole in UnparsedFile(text, HASH).holes(kind, Random(seed)):
        cut = text[hole.start : hole.end]
        assert fits(text, hole)
        assert cut == cut.rstrip() or kind == "inside"
        assert cut.count("\n") + 1 in (BLOCK_LINES if kind == "block" else (1,))
        assert not text[text.rfind("\n", 0, hole.start) + 1 :].lstrip().startswith("#")
