"""`sfm2 index`, as a person or a program calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Sfm2

pytestmark = pytest.mark.slow


def test_a_repository_is_indexed_shown_and_forgotten(sfm2: Sfm2, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "inner").mkdir(parents=True)
    (folder / "cart.py").write_text("class Cart:\n    def add(self): ...\n")

    assert sfm2("index", "list").stderr.startswith("There is none.")
    added = sfm2("index", "add", "shop")
    assert added.returncode == 0
    assert "1 files, 3 lines" in added.stderr
    assert sfm2("index", "list").stdout == f"{folder.resolve()}\n"
    (found,) = json.loads(sfm2("index", "list", "--json").stdout)
    assert (found["folder"], found["exists"]) == (str(folder.resolve()), True)

    shown = json.loads(sfm2("index", "status", "shop/inner", "--json").stdout)
    assert (shown["files"], shown["lines"], shown["definitions"]) == (1, 3, 2)
    assert "Definitions" in sfm2("index", "status", "shop").stdout

    assert sfm2("index", "rm", "shop").returncode == 0
    assert sfm2("index", "list").stdout == ""
    assert [file.suffix for file in (tmp_path / "cache" / "indexes").iterdir()] == [".removed"]


def test_what_is_wrong_is_said(sfm2: Sfm2, tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("x = 1\n")
    for command, folder, said in [
        ("add", "none", "there is no such folder"),
        ("add", "file.py", "is a file, not a folder"),
        ("status", ".", "is in no folder that has an index"),
        ("rm", ".", "There is no index of"),
    ]:
        ran = sfm2("index", command, folder)
        assert ran.returncode != 0
        assert said in ran.stderr
        assert "hint: " in ran.stderr
