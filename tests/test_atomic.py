"""Files and folders appear whole or not at all: after an error, on a full disk, and when the process is killed."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from sfm2.atomic import replacing_file, replacing_folder


def fill_up(file: Path) -> None:
    """Write half of a file to a disk that then is full."""
    file.write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


_KILLED = """
import os, signal
from pathlib import Path
from sfm2.atomic import {kind}
with {kind}(Path({target!r})) as partial:
    ({file}).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    with replacing_file(target) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.json"]


def test_a_file_stays_as_it_was_when_the_block_raises(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(OSError, match="No space"), replacing_file(target) as partial:
        fill_up(partial)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


def test_a_folder_replaces_all_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "made"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with replacing_folder(target) as partial:
        (partial / "new.txt").write_text("new")
        assert names(target) == ["old.txt"]
    assert names(target) == ["new.txt"]
    assert names(tmp_path) == ["made"]


def test_a_folder_stays_as_it_was_when_the_block_raises(tmp_path: Path) -> None:
    target = tmp_path / "made"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with pytest.raises(OSError, match="No space"), replacing_folder(target) as partial:
        fill_up(partial / "new.txt")
    assert names(target) == ["old.txt"]
    assert names(tmp_path) == ["made"]


def test_a_folder_stays_as_it_was_when_the_new_one_cannot_be_moved(tmp_path: Path) -> None:
    target = tmp_path / "made"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with pytest.raises(FileNotFoundError), replacing_folder(target) as partial:
        partial.rmdir()
    assert names(target) == ["old.txt"]
    assert names(tmp_path) == ["made"]


@pytest.mark.parametrize(("kind", "file"), [("replacing_file", "partial"), ("replacing_folder", "partial / 'a.txt'")])
def test_a_killed_process_leaves_nothing_half_written(tmp_path: Path, kind: str, file: str) -> None:
    target = tmp_path / "made"
    killed = _KILLED.format(kind=kind, target=str(target), file=file)
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode < 0
    assert not target.exists()


def test_what_a_killed_process_left_is_not_in_the_next_folder(tmp_path: Path) -> None:
    target = tmp_path / "made"
    killed = _KILLED.format(kind="replacing_folder", target=str(target), file="partial / 'half.txt'")
    subprocess.run([sys.executable, "-c", killed], check=False)
    with replacing_folder(target) as partial:
        (partial / "whole.txt").write_text("whole")
    assert names(target) == ["whole.txt"]
    assert names(tmp_path) == ["made"]
