"""Which repository somebody works in, and whether an index has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sfm2.repository.collection import IndexCollection
from sfm2.repository.workspace import unindexed, workspace_of
from tests.repository.conftest import git


def add(cache_dir: Path, root: Path) -> None:
    with IndexCollection(cache_dir).open(root) as index:
        index.update()


@pytest.mark.parametrize(
    "path", ["", "checkout.py", "shop", "shop/model.py", "not/yet/written.py", ".git/COMMIT_EDITMSG"]
)
def test_the_repository_around_a_path(repository: Path, path: str) -> None:
    assert workspace_of(repository / path) == repository


def test_a_path_may_lead_through_a_link(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    assert workspace_of(tmp_path / "link" / "checkout.py") == repository


def test_a_folder_without_git_is_none(folder: Path) -> None:
    """Somebody's downloads are not indexed unasked."""
    assert workspace_of(folder / "checkout.py") is None
    (folder / ".git").mkdir()  # git does not take it for a repository either
    assert workspace_of(folder / "checkout.py") is None


def test_a_circle_of_links_is_none(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    assert workspace_of(tmp_path / "circle" / "file.py") is None


def test_a_home_with_its_settings_in_git_is_none_and_what_is_below_is(repository: Path) -> None:
    home = repository
    (home / "letters").mkdir()
    git(home, "init", "--quiet", "work")
    assert workspace_of(home / "letters" / "to_mother.py", home) is None
    assert workspace_of(home / "checkout.py", home / "somebody") is None  # nor is what homes are in
    assert workspace_of(home / "work" / "main.py", home) == home / "work"


def test_a_submodule_and_a_linked_work_tree_are_repositories_of_their_own(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "outer")
    outer = tmp_path / "outer"
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(repository), "inner")
    git(repository, "worktree", "add", "--quiet", str(repository / "trees" / "other"))
    assert workspace_of(outer / "inner" / "checkout.py") == outer / "inner"
    assert workspace_of(repository / "trees" / "other" / "checkout.py") == repository / "trees" / "other"

    add(tmp_path, outer)
    add(tmp_path, repository)
    collection = IndexCollection(tmp_path)
    assert unindexed(outer / "main.py", collection) is None
    assert unindexed(outer / "inner" / "checkout.py", collection) == outer / "inner"
    assert unindexed(repository / "trees" / "other" / "checkout.py", collection) == repository / "trees" / "other"


def test_an_index_that_has_the_files_is_enough(repository: Path, folder: Path, tmp_path: Path) -> None:
    collection = IndexCollection(tmp_path / "cache")
    assert unindexed(repository / "shop" / "model.py", collection) == repository
    assert unindexed(folder / "checkout.py", collection) is None

    add(tmp_path / "cache", repository / "shop")  # a part of it
    assert unindexed(repository / "shop" / "model.py", collection) is None
    assert unindexed(repository / "checkout.py", collection) == repository

    add(tmp_path / "cache", tmp_path)  # a folder of repositories
    assert unindexed(repository / "checkout.py", collection) is None


def test_an_index_that_nobody_filled_is_made_again(repository: Path, tmp_path: Path) -> None:
    collection = IndexCollection(tmp_path)
    collection.open(repository).close()
    assert unindexed(repository, collection) is None, "somebody may be at it"
    [place] = collection.list()
    os.utime(place.file, (0, 0))
    assert unindexed(repository, collection) == repository
