"""An index that follows what is saved."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from sfm2.repository.contents import Update
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.storage import UpdateStoppedError
from sfm2.repository.watching import IndexWatcher, changed_paths
from tests.repository.conftest import Opens, git

_WAIT = 20  # seconds; what is waited for comes much earlier


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_saved_renamed_and_deleted_is_taken_in(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    (repository / "before.py").write_text("before = 1\n")
    with IndexWatcher(index) as watcher:
        _until(lambda: "before.py" in index.paths())
        (repository / "checkout.py").write_text("def saved(): ...\n")
        _until(lambda: bool(index.definitions_of(["saved"])))
        (repository / "shop").rename(repository / "store")
        _until(lambda: index.paths() == ["before.py", "checkout.py", "store/model.py"])
        (repository / "checkout.py").unlink()
        _until(lambda: index.paths() == ["before.py", "store/model.py"])
        assert watcher.is_running
    assert not watcher.is_running


def test_a_branch_switch_is_taken_in(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    git(repository, "switch", "--quiet", "--create", "other")
    (repository / "only_here.py").write_text("here = True\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Other")
    updates: list[Update] = []
    with IndexWatcher(index, updates.append):
        _until(lambda: "only_here.py" in index.paths())
        git(repository, "switch", "--quiet", "-")
        _until(lambda: "only_here.py" not in index.paths())
    assert [(one.added, one.removed) for one in updates] == [(1, 0), (0, 1)]


def test_a_folder_that_is_gone_ends_it(repository: Path, indexed: Opens, caplog: pytest.LogCaptureFixture) -> None:
    index = indexed(repository)
    with IndexWatcher(index) as watcher:
        shutil.rmtree(repository)
        _until(lambda: not watcher.is_running)
    assert "watched no more" in caplog.text


def test_an_update_that_is_not_wanted_any_more_does_not_wait_for_another(repository: Path, tmp_path: Path) -> None:
    """`sfm2 complete` would wait with its answer shown."""
    file = tmp_path / "index.db"
    asked = iter([False, False, True])
    with RepositoryIndex.open(repository, file) as index, FileLock(f"{file}.lock"), pytest.raises(UpdateStoppedError):
        index.update(stopped=lambda: next(asked))


def test_one_that_ends_early_leaves_the_rest_to_the_next(repository: Path, tmp_path: Path) -> None:
    asked = iter([False, False, True])  # before the lock, and after each file that was read
    with RepositoryIndex.open(repository, tmp_path / "index.db") as index:
        with pytest.raises(UpdateStoppedError):
            index.update(stopped=lambda: next(asked))
        assert index.update().added == 2


def test_what_of_git_is_looked_at() -> None:
    root = Path("/r").absolute()
    assert changed_paths(root, [str(root / "a.py"), str(root / ".git" / "objects" / "x"), str(root / "b" / "c.py")]) == [
        "a.py", "b/c.py"
    ]  # fmt: skip
    assert changed_paths(root, [str(root / ".git" / "HEAD")]) is None
    assert changed_paths(root, [str(root / "b" / ".gitignore")]) is None
    assert changed_paths(root, [str(root / ".git" / "index.lock")]) == []
