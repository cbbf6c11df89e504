"""The repositories that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfm2.errors import InvalidRequestError, NotFoundError
from sfm2.repository.registry import Registry


def test_what_is_added_is_there_for_the_next_process(tmp_path: Path, folder: Path) -> None:
    added = Registry(tmp_path / "known").add(folder)
    assert (added.name, added.root) == ("folder", folder)
    assert Registry(tmp_path / "known").all() == [added]
    assert Registry(tmp_path / "known").add(folder) == added, "again changes nothing"


def test_two_with_the_same_name_need_another(tmp_path: Path, folder: Path) -> None:
    registry, other = Registry(tmp_path / "known"), tmp_path / "other" / "folder"
    other.mkdir(parents=True)
    first = registry.add(folder)
    with pytest.raises(InvalidRequestError) as raised:
        registry.add(other)
    assert "--name" in raised.value.suggestion
    assert registry.add(other, "second").index != first.index
    assert [one.name for one in registry.all()] == ["folder", "second"]


@pytest.mark.parametrize("name", ["../up", "..", "a/b", "", "x" * 101, "a\nb"])
def test_a_name_that_can_be_no_file_is_refused(tmp_path: Path, folder: Path, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="expected letters"):
        Registry(tmp_path / "known").add(folder, name)
    assert not (tmp_path / "known").exists()


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="not a folder"):
        Registry(tmp_path / "known").add(tmp_path / "nowhere")


def test_what_is_removed_takes_its_index_along(tmp_path: Path, folder: Path) -> None:
    registry = Registry(tmp_path / "known")
    added = registry.add(folder)
    added.index.write_bytes(b"x")
    registry.remove("folder")
    assert list((tmp_path / "known").iterdir()) == []
    with pytest.raises(NotFoundError) as raised:
        registry.remove("folder")
    assert "none" in raised.value.suggestion
