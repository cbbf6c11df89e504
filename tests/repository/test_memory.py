"""Which repository a hole is in, and that what is shown there stays as it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from sfm2.errors import RepositoryIndexError
from sfm2.repository.collection import IndexCollection
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.testing import until
from tests.repository.conftest import CHECKOUT

ROOM = 3000  # characters


@pytest.fixture
def memory(tmp_path: Path, repository: Path) -> Iterator[RepositoryMemory]:
    """Of one repository."""
    add(tmp_path, repository)
    remembering = RepositoryMemory(tmp_path)
    yield remembering
    remembering.close()


def add(cache_dir: Path, root: Path) -> None:
    with IndexCollection(cache_dir).open(root) as index:
        index.update()


def paths(memory: RepositoryMemory, query: Query) -> set[str]:
    return {one.passage.path for one in memory.shown(query, ROOM)}


HEAD, TAIL = CHECKOUT[:-40], CHECKOUT[-40:]


@pytest.mark.parametrize(
    "path", ["ABSOLUTE/checkout.py", "checkout.py", "src/checkout.py", "C:\\shop\\checkout.py", None]
)
def test_a_file_is_found_by_its_path_or_by_its_text_and_not_shown_itself(
    memory: RepositoryMemory, repository: Path, path: str | None
) -> None:
    named = path and path.replace("ABSOLUTE", str(repository))
    assert paths(memory, Query(HEAD, TAIL, "python", named)) == {"shop/model.py"}


def test_a_new_file_belongs_by_its_path(memory: RepositoryMemory, repository: Path) -> None:
    assert "shop/model.py" in paths(memory, Query("cart: Cart = ", "", "python", f"{repository}/new.py"))


@pytest.mark.parametrize("path", ["/elsewhere/checkout.py", "other.py", None])
def test_what_belongs_to_no_repository_is_shown_nothing(memory: RepositoryMemory, path: str | None) -> None:
    assert memory.shown(Query("def f(x):\n    y = x\n    return ", "\n", "python", path), ROOM) == []


def test_what_is_saved_is_known(memory: RepositoryMemory, repository: Path) -> None:
    query = Query("from news import headline\n\n\nlatest = ", "\n", "python", f"{repository}/latest.py")
    assert "news.py" not in paths(memory, query)
    (repository / "news.py").write_text("def headline() -> str:\n    return 'new'\n")
    further = (replace(query, prefix=f"{query.prefix}\nx{n} = 1\nlatest = ") for n in count())
    until(lambda: "news.py" in paths(memory, next(further)), what="the new file")


def test_what_is_shown_stays_while_the_cursor_is_in_its_function(memory: RepositoryMemory, repository: Path) -> None:
    """Else the engine would have to read it again with every key."""
    path = f"{repository}/checkout.py"
    first = memory.shown(Query(HEAD, TAIL, "python", path), ROOM)
    typed = [memory.shown(Query(HEAD + "Item.gross total"[:n], TAIL, "python", path), ROOM) for n in range(16)]
    assert all(one is first for one in typed)
    below = HEAD + TAIL + "\n\ndef other():\n    return "
    assert memory.shown(Query(below, "", "python", path), ROOM) is not first


def test_a_repository_that_is_added_or_removed_meanwhile_is_noticed(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfm2.repository.memory._LOOKED_FOR", 0)
    memory = RepositoryMemory(tmp_path)
    query = Query(HEAD, TAIL, "python", f"{repository}/checkout.py")
    assert memory.shown(query, ROOM) == []
    add(tmp_path, repository)
    assert memory.shown(query, ROOM)
    IndexCollection(tmp_path).remove(repository)
    assert memory.shown(query, ROOM) == []
    memory.close()


def test_what_is_removed_stays_so_while_files_are_saved_until_it_is_added(
    tmp_path: Path,
    repository: Path,
    memory: RepositoryMemory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A service that has the index open would write what is new to it."""
    query = Query(HEAD, TAIL, "python", f"{repository}/checkout.py")
    assert memory.shown(query, ROOM)
    monkeypatch.setattr("sfm2.repository.memory._LOOKED_FOR", 1e9)
    collection = IndexCollection(tmp_path)
    collection.remove(repository)
    numbers = count()
    until(lambda: _saved(repository, next(numbers)) and "is watched no more" in caplog.text, what="the watcher's end")
    assert collection.list() == []
    with pytest.raises(RepositoryIndexError, match="it has been removed"):
        memory.shown(replace(query, prefix=f"{HEAD}\nx = 1\n"), ROOM)
    add(tmp_path, repository)
    assert [one.root for one in collection.list()] == [repository]
    monkeypatch.setattr("sfm2.repository.memory._LOOKED_FOR", 0)
    other = Query("from news import headline\n\n\nlatest = ", "\n", "python", f"{repository}/latest.py")
    further = (replace(other, prefix=f"{other.prefix}\nx{n} = 1\nlatest = ") for n in count())
    (repository / "news.py").write_text("def headline() -> str:\n    return 'new'\n")
    until(lambda: "news.py" in paths(memory, next(further)), what="the new file")


def _saved(repository: Path, number: int) -> bool:
    return bool((repository / "news.py").write_text(f"x = {number}\n"))


def test_a_repository_that_is_gone_takes_nobody_along(tmp_path: Path, folder: Path) -> None:
    add(tmp_path, folder)
    folder.rename(tmp_path / "moved")
    memory = RepositoryMemory(tmp_path)
    assert memory.shown(Query(HEAD, TAIL, "python"), ROOM) == []
    memory.close()


def test_only_a_repository_that_somebody_works_in_is_watched(
    tmp_path: Path, memory: RepositoryMemory, repository: Path
) -> None:
    before = watchers()
    for number in range(3):
        other = tmp_path / f"other{number}"
        other.mkdir()
        (other / "notes.py").write_text("remember = 1\n")
        add(tmp_path, other)
    assert paths(memory, Query(HEAD, TAIL, "python", "checkout.py")) == {"shop/model.py"}
    assert len(watchers() - before) == 1


def watchers() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name == "index-watcher"}


def test_an_index_whose_first_update_was_broken_off_is_filled(tmp_path: Path, repository: Path) -> None:
    IndexCollection(tmp_path).open(repository).close()
    memory = RepositoryMemory(tmp_path)
    query = Query(HEAD, TAIL, "python", "checkout.py")
    further = (replace(query, prefix=f"x{n} = 1\n{HEAD}") for n in count())
    until(lambda: "shop/model.py" in paths(memory, next(further)), what="its files")
    memory.close()


def test_who_does_not_stay_watches_nothing(tmp_path: Path, repository: Path) -> None:
    add(tmp_path, repository)
    before = watchers()
    memory = RepositoryMemory(tmp_path, watches=False)
    assert paths(memory, Query(HEAD, TAIL, "python", f"{repository}/checkout.py")) == {"shop/model.py"}
    assert watchers() <= before
    memory.close()
