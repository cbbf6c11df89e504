"""`make demo`: what it shows is the code that it ran."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import clean_environment

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"
CODE = "def merge_sort(arr):\n\tif len(arr) <= 1:  # " + "a long line " * 20 + "\n        return arr"
SHOW = (
    f"import sys; sys.path.insert(0, {str(DEMO.parent)!r}); import demo; demo.show({CODE[:19]!r}, {list(CODE[19:])!r})"
)


@pytest.mark.parametrize("columns", ["10", "19", "80"])
def test_a_file_gets_every_character_of_the_code(columns: str, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    with shown.open("w") as output:
        environment = clean_environment(tmp_path, {"COLUMNS": columns})
        subprocess.run([sys.executable, "-c", SHOW], stdout=output, env=environment, check=True, timeout=60)
    assert shown.read_text() == CODE + "\n"


@pytest.mark.engine
def test_the_code_that_is_shown_sorts(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, timeout=250)
    assert (done.returncode, done.stderr) == (0, "")
    code, said = done.stdout.split("\n\nmerge_sort(")
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["merge_sort"]([3, 1, 2]) == [1, 2, 3]
    assert ": it sorts\n" in said
