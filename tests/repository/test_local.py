"""What clients do about the repositories on this machine: they have them indexed, and send what of them is of use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sfm2.config import Settings
from sfm2.errors import RepositoryError
from sfm2.installation import command_for
from sfm2.repository import unattended
from sfm2.repository.collection import IndexCollection
from sfm2.repository.local import LocalRepositories, is_elsewhere
from sfm2.testing import until
from sfm2.types import CompleteRequest, Snippet
from tests.repository.conftest import CHECKOUT, git
from tests.repository.test_workspace import add

WAIT = 60  # seconds; what is waited for comes much earlier unless something is broken
REQUEST = CompleteRequest(prefix=CHECKOUT[:-40], suffix=CHECKOUT[-40:], path="checkout.py")


@pytest.fixture(autouse=True)
def _as_another_process_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.repository.collection._FOLDER", "indexes")


def settings(tmp_path: Path, **repository: Any) -> Settings:
    return Settings.model_validate({"storage": {"cache_dir": tmp_path / "cache"}, "repository": repository})


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalRepositories]:
    with closing(LocalRepositories(settings(tmp_path), sends=True)) as found:
        yield found


def indexed(tmp_path: Path, root: Path) -> list[str]:
    """The files that an index has by now."""
    place = IndexCollection(tmp_path / "cache").find(root)
    if place is None:
        return []
    with IndexCollection(tmp_path / "cache").open(place.root) as index:
        return index.paths()


def test_who_works_in_a_repository_has_it_indexed(local: LocalRepositories, repository: Path, tmp_path: Path) -> None:
    local.visit(repository / "shop" / "new.py")
    until(lambda: indexed(tmp_path, repository) == ["checkout.py", "shop/model.py"], WAIT)


@pytest.mark.parametrize("repository_settings", [{"automatic": False}, {"enabled": False}, {"tokens": 0}])
def test_it_can_be_turned_off(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository_settings: dict[str, Any]
) -> None:
    begun: list[Path] = []
    monkeypatch.setattr(unattended, "begin", lambda cache_dir, root: begun.append(root))
    LocalRepositories(settings(tmp_path, **repository_settings), sends=False).visit(repository)
    assert begun == []


def test_it_is_begun_once(repository: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Path] = []
    monkeypatch.setattr(unattended, "begin", lambda cache_dir, root: begun.append(root))
    local = LocalRepositories(settings(tmp_path), sends=False)
    for path in ("checkout.py", "shop/model.py", "", "../folder/checkout.py", "../nowhere/x.py"):
        local.visit(repository / path)
    assert begun == [repository]


def test_a_repository_does_not_decide_which_modules_run(
    local: LocalRepositories, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sfm2", "filelock", "tempfile"):
        (repository / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(repository)
    local.visit(repository)
    until(lambda: len(indexed(tmp_path, repository)) == 5, WAIT)
    assert not (tmp_path / "ran").exists()


def test_two_processes_at_once_make_one_index(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sfm2.repository.unattended", str(tmp_path / "cache"), str(repository)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    assert indexed(tmp_path, repository) == ["checkout.py", "shop/model.py"]


def test_without_the_extra_it_is_left_and_logged(
    local: LocalRepositories,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    with caplog.at_level("INFO"):
        local.visit(repository)
    assert command_for("index") in caplog.text
    assert not (tmp_path / "cache" / "indexes").exists()


def test_a_folder_that_is_gone_is_said_in_one_line(repository: Path, tmp_path: Path) -> None:
    shutil.rmtree(repository)
    command = [sys.executable, "-m", "sfm2.repository.unattended", str(tmp_path / "cache"), str(repository)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "there is no such folder" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_what_is_very_large_is_left_to_the_user(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unattended, "LARGEST", 1)
    with pytest.raises(RepositoryError, match="has 2 files") as raised:
        unattended.main(tmp_path / "cache", repository)
    assert "sfm2 index add" in raised.value.suggestion
    assert IndexCollection(tmp_path / "cache").list() == []


def test_indexes_of_what_is_long_gone_are_deleted(repository: Path, folder: Path, tmp_path: Path) -> None:
    gone = [shutil.copytree(folder, tmp_path / name) for name in ("long", "just")]
    collection = IndexCollection(tmp_path / "cache")
    for root in (*gone, folder):
        add(tmp_path / "cache", root)
        place = collection.find(root)
        assert place is not None
        age = 0 if root.name == "just" else unattended.GONE + 60
        os.utime(place.file, (time.time() - age,) * 2)
    for root in gone:
        shutil.rmtree(root)
    unattended.main(tmp_path / "cache", repository)
    assert {place.root for place in collection.list()} == {repository, folder, tmp_path / "just"}


def test_code_of_the_repository_is_sent(local: LocalRepositories, repository: Path, tmp_path: Path) -> None:
    add(tmp_path / "cache", repository)
    sent = local.informed(REQUEST, repository / "checkout.py")
    assert {one.path for one in sent.context} == {"shop/model.py"}
    assert any("def gross" in one.text for one in sent.context)
    assert sent.model_copy(update={"context": []}) == REQUEST
    assert sum(len(one.text) for one in sent.context) < 4000

    own = REQUEST.model_copy(update={"context": [Snippet(text="mine")]})
    assert local.informed(own, repository / "checkout.py") is own
    assert local.informed(REQUEST, tmp_path / "elsewhere.py").context == []


def test_secrets_are_masked_before_they_leave_the_machine(
    local: LocalRepositories, repository: Path, tmp_path: Path
) -> None:
    (repository / "shop" / "model.py").write_text(f'class Cart:\n    token = "ghp_{"a1" * 18}"\n')
    add(tmp_path / "cache", repository)
    (sent,) = local.informed(REQUEST, repository / "checkout.py").context
    assert "class Cart" in sent.text
    assert "ghp_" not in sent.text


def test_through_a_link_too(local: LocalRepositories, repository: Path, tmp_path: Path) -> None:
    add(tmp_path / "cache", repository)
    (tmp_path / "link").symlink_to(repository)
    assert local.informed(REQUEST, tmp_path / "link" / "checkout.py").context


def test_what_is_not_to_be_sent_is_not(local: LocalRepositories, repository: Path, tmp_path: Path) -> None:
    add(tmp_path / "cache", repository)
    hidden = repository / "shop" / "model.py"
    assert local.informed(REQUEST, repository / "checkout.py", lambda path: path == hidden).context == []


def test_other_repositories_are_not_opened(local: LocalRepositories, repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "other")
    add(tmp_path / "cache", repository)
    add(tmp_path / "cache", tmp_path / "other")
    local.informed(REQUEST, repository / "checkout.py")
    assert local._memory is not None
    assert set(local._memory._opened) == {repository}


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        (None, False),
        ("http://127.0.0.1:8000", False),
        ("https://LOCALHOST", False),
        ("http://[::1]:8000/sfm2", False),
        ("http://0.0.0.0:8000", False),
        ("http://gpu-server:8000", True),
        ("http://me:secret@10.0.0.7", True),
        ("http://127.0.0.1.example.org", True),
    ],
)
def test_which_servers_read_the_indexes_themselves(url: str | None, elsewhere: bool) -> None:
    assert is_elsewhere(url) == elsewhere
