"""From a cell's text to what the model reads."""

from __future__ import annotations

import pytest

from sfm2.errors import InvalidRequestError
from sfm2.notebook.cell import interpolated, prefix_of, without_marker
from sfm2.types import Language


def test_a_comment_at_the_end_asks_for_code_on_the_next_line() -> None:
    assert prefix_of("x = 1  # one", Language.PYTHON) == "x = 1  # one\n"
    assert prefix_of("x = '# one'", Language.PYTHON) == "x = '# one'"
    assert prefix_of("int x; // one", Language.C) == "int x; // one\n"
    assert prefix_of("total = sum(", Language.PYTHON) == "total = sum("


def test_an_empty_cell_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the cell is empty"):
        prefix_of(" \n", Language.PYTHON)


@pytest.mark.parametrize(
    "line",
    [
        "    # SFM-2 will complete this function",
        "// sfm2: complete",
        "-- SFM-2, fill in the rest",
        "# sfm2 finishes it here",
    ],
)
def test_a_line_to_us_is_not_for_the_model(line: str) -> None:
    assert without_marker(f"def f(x):\n{line}\n") == "def f(x):\n"


@pytest.mark.parametrize(
    "prefix",
    [
        "def f(x):\n    # SFM-2 will complete this function with the mean of x\n",
        "def f(x):\n    # complete this function\n",
        "# SFM-2 will complete this function\n",
        "# SFM-2 will complete this function\ndef f(x):",
    ],
    ids=["says what is wanted", "does not name us", "says nothing else", "is not the last line"],
)
def test_any_other_comment_is(prefix: str) -> None:
    assert without_marker(prefix) == prefix


def test_braces_that_hold_no_variable_are_code() -> None:
    assert interpolated("{a} {b} {{c}} {a[0]} {a[9]} {n[0]}", {"a": "xy", "n": 1}) == "xy {b} {{c}} x {a[9]} {n[0]}"
