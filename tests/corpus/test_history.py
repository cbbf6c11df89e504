"""What commits added."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from sfm2.corpus.history import Addition, Checkout, Commit, additions, commits, content_at, removed_lines
from sfm2.errors import InvalidRequestError

LONG_AGO, RECENTLY = "2024-05-01T12:00:00+00:00", "2026-05-01T12:00:00+00:00"


def git(folder: Path, *arguments: str, when: str = RECENTLY) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    environment = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, env=environment)


def commit(folder: Path, when: str = RECENTLY, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    git(folder, "add", "--all", when=when)
    git(folder, "commit", "--quiet", "--message", "x", when=when)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, LONG_AGO, a="one\ntwo\nthree\n")
    commit(folder, a="one\nnew\ntwo\nthree\nlast\n", b="b\n")
    return folder


def last(repository: Path) -> Commit:
    return commits(repository, date(2025, 1, 1))[-1]


def test_the_first_commit_and_old_ones_are_left_out(repository: Path) -> None:
    assert len(commits(repository, date(2020, 1, 1))) == 1
    assert commits(repository, date(2027, 1, 1)) == []


def test_the_added_lines_are_told(repository: Path) -> None:
    assert additions(repository, last(repository)) == [
        Addition("a.py", "a.py", range(1, 2)),
        Addition("a.py", "a.py", range(4, 5)),
        Addition("b.py", "b.py", range(1)),
    ]


def test_a_renamed_file_has_its_former_name_and_what_was_only_moved_is_known(repository: Path) -> None:
    git(repository, "mv", "a.py", "c d.py")
    commit(repository, **{"c d": "one\nnew\nthree\nlast\nmore\n"}, b="two\n")
    found = last(repository)
    assert [(one.path, one.former) for one in additions(repository, found)] == [("b.py", "b.py"), ("c d.py", "a.py")]
    assert removed_lines(repository, found) == {"two", "b"}


def test_a_bare_repository_will_do_and_its_trees_are_moved_through(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare")
    bare, folder = tmp_path / "bare", tmp_path / "tree"
    folder.mkdir()
    found = last(bare)
    checkout = Checkout(bare, folder, tmp_path / "index")
    checkout.move_to(found.parent)
    assert sorted(path.name for path in folder.iterdir()) == ["a.py"]
    checkout.move_to(found.id)
    assert (folder / "a.py").read_bytes() == content_at(bare, found.id, "a.py")
    assert (folder / "b.py").exists()
    checkout.move_to(found.parent)
    assert not (folder / "b.py").exists()
    with pytest.raises(InvalidRequestError, match="can't be read"):
        checkout.move_to("0" * 40)


def test_what_is_no_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="not a git repository"):
        commits(tmp_path, date(2025, 1, 1))
    assert content_at(tmp_path, "HEAD", "a.py") is None
