"""Places in files, as compilers write them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli.places import Cursor, Lines, cursor_of, lines_of

NUMBERS = st.integers(1, 10**9)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/:"), min_size=1, max_size=20).map(
    "no/such/".__add__
)


@given(name=NAMES, line=NUMBERS, column=NUMBERS)
def test_what_compilers_write(name: str, line: int, column: int) -> None:
    path = Path(name)
    assert cursor_of(name) == Cursor(path)
    assert cursor_of(f"{name}:{line}") == cursor_of(f"{name}:{line}:") == Cursor(path, line)
    assert cursor_of(f"{name}:{line}:{column}") == cursor_of(f"{name}:{line}:{column}:") == Cursor(path, line, column)


@given(name=NAMES, line=NUMBERS, more=st.integers(0, 10**9))
def test_a_stretch_of_lines(name: str, line: int, more: int) -> None:
    path = Path(name)
    assert lines_of(name) == Lines(path)
    assert lines_of(f"{name}:{line}") == lines_of(f"{name}:{line}:7") == Lines(path, line, line)
    assert lines_of(f"{name}:{line}-{line + more}") == Lines(path, line, line + more)


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (r"C:\code\x.py:3", Cursor(Path(r"C:\code\x.py"), 3)),
        ("a:b.py", Cursor(Path("a:b.py"))),
        ("x.py:", Cursor(Path("x.py:"))),
        ("x.py:1:2:3", Cursor(Path("x.py:1"), 2, 3)),
        ("x" * 5000, Cursor(Path("x" * 5000))),
    ],
)
def test_other_colons_belong_to_the_name(text: str, cursor: Cursor) -> None:
    assert cursor_of(text) == cursor


def test_a_file_that_is_called_so_is_meant(tmp_path: Path) -> None:
    file = tmp_path / "log:12"
    assert cursor_of(str(file)).line == 12
    file.touch()
    assert cursor_of(str(file)) == Cursor(file)
    assert lines_of(str(file)) == Lines(file)


@pytest.mark.parametrize("text", ["x.py:0", "x.py:0:1"])
def test_lines_are_counted_from_1(text: str) -> None:
    with pytest.raises(click.BadParameter, match="a line is counted from 1"):
        cursor_of(text)
    with pytest.raises(click.BadParameter, match="a line is counted from 1"):
        lines_of(text)


def test_columns_too() -> None:
    with pytest.raises(click.BadParameter, match="a column is counted from 1"):
        cursor_of("x.py:1:0")


def test_a_stretch_ends_after_its_beginning() -> None:
    with pytest.raises(click.BadParameter, match="line 3 comes before line 5"):
        lines_of("x.py:5-3")
