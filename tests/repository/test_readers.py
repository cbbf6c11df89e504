"""Who is shown code of a repository, whatever is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.corpus.git_url import GitURL
from sfm2.errors import RepositoryIndexError
from sfm2.repository.clones import RepositoryClones
from sfm2.repository.collection import IndexCollection, folder_in, name_of
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.repository.readers import IndexReaders
from tests.repository.conftest import CHECKOUT, fill, git

ROOM = 3000  # characters


@pytest.fixture
def cache(tmp_path: Path, repository: Path) -> Path:
    """Where the repository has an index."""
    add(tmp_path / "cache", repository)
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def readers(cache: Path, data: Path) -> IndexReaders:
    return IndexReaders(cache, data)


def add(cache_dir: Path, root: Path) -> None:
    with IndexCollection(cache_dir).open(root) as index:
        index.update()


def shown(cache: Path, data: Path | None, root: Path, key: str | None, name: str = "checkout.py") -> set[str]:
    """The files that are shown to the holder of a key, by a service that has just started."""
    memory = RepositoryMemory(cache, data)
    try:
        return {
            one.passage.path
            for one in memory.shown(Query(CHECKOUT[:-40], CHECKOUT[-40:], "python", f"{root}/{name}"), ROOM, key=key)
        }
    finally:
        memory.close()


def test_without_readers_everybody_is_shown_it(
    readers: IndexReaders, cache: Path, data: Path, repository: Path
) -> None:
    assert readers.of(repository) is None
    assert shown(cache, data, repository, None) == shown(cache, data, repository, "ada") == {"shop/model.py"}
    assert not data.exists()


def test_with_readers_only_they_are(readers: IndexReaders, cache: Path, data: Path, repository: Path) -> None:
    readers.let(repository, ["ada", "bob"])
    assert readers.of(repository) == frozenset(["ada", "bob"])
    assert shown(cache, data, repository, "ada") == {"shop/model.py"}
    assert shown(cache, data, repository, "eve") == shown(cache, data, repository, None) == set()
    readers.let(repository, ["eve"])
    assert shown(cache, data, repository, "ada") == set()
    readers.let(repository, None)
    assert shown(cache, data, repository, None) == {"shop/model.py"}
    assert not list((data / "readers").iterdir())


def test_an_index_that_is_made_anew_is_for_those_it_was_for(
    readers: IndexReaders, cache: Path, data: Path, repository: Path
) -> None:
    readers.let(repository, ["ada"])
    (file,) = folder_in(cache).glob("*.db")
    file.write_bytes(b"damaged")
    add(cache, repository)
    assert shown(cache, data, repository, "eve") == set()
    shutil.rmtree(cache)
    add(cache, repository)
    assert shown(cache, data, repository, "eve") == set()
    assert shown(cache, data, repository, "ada") == {"shop/model.py"}


def in_the_place_of_a_file(record: Path) -> None:
    record.unlink()
    record.mkdir()


LOST: dict[str, Callable[[Path], object]] = {
    "lost": lambda record: record.unlink(),
    "empty": lambda record: record.write_text(""),
    "no JSON": lambda record: record.write_text("{"),
    "other JSON": lambda record: record.write_text('["ada"]'),
    "no keys": lambda record: record.write_text('{"keys": null}'),
    "a folder": in_the_place_of_a_file,
}


@pytest.mark.parametrize("how", LOST)
def test_where_it_is_lost_who_may_read_it_nobody_may(
    readers: IndexReaders, cache: Path, data: Path, repository: Path, how: str
) -> None:
    readers.let(repository, ["ada"])
    (record,) = (data / "readers").glob("*.json")
    LOST[how](record)
    assert readers.of(repository) == frozenset()
    assert shown(cache, data, repository, "ada") == shown(cache, data, repository, None) == set()


@pytest.mark.parametrize("data_dir", ["another", None])
def test_where_the_data_is_lost_nobody_may(
    readers: IndexReaders, cache: Path, tmp_path: Path, repository: Path, data_dir: str | None
) -> None:
    readers.let(repository, ["ada"])
    assert shown(cache, tmp_path / data_dir if data_dir else None, repository, "ada") == set()


def test_where_nothing_can_be_told_nothing_is_shown(cache: Path, data: Path, repository: Path) -> None:
    data.mkdir()
    (data / "readers").write_text("a file")
    with pytest.raises(RepositoryIndexError, match="can't be told"):
        shown(cache, data, repository, "ada")


def test_where_it_can_t_be_written_that_is_said(readers: IndexReaders, data: Path, repository: Path) -> None:
    data.write_text("a file")
    with pytest.raises(RepositoryIndexError, match="can't be written"):
        readers.let(repository, ["ada"])


def test_a_folder_within_another_is_not_shown_as_a_part_of_that(tmp_path: Path) -> None:
    """Not even at a place in it."""
    cache, data, outer = tmp_path / "cache", tmp_path / "data", tmp_path / "projects"
    inner = fill(outer / "inner")
    (outer / "checkout.py").write_text(CHECKOUT)
    for root in (outer, inner):
        add(cache, root)
    assert shown(cache, data, outer, "eve") == {"inner/shop/model.py", "inner/checkout.py"}
    IndexReaders(cache, data).let(inner, ["ada"])
    assert shown(cache, data, outer, "eve") == set()
    assert shown(cache, data, inner, "eve") == {"checkout.py"}
    assert shown(cache, data, outer, "ada") == {"inner/shop/model.py", "inner/checkout.py"}
    assert shown(cache, data, inner, "ada") == {"shop/model.py"}


def test_what_is_within_a_folder_is_for_the_readers_of_that(tmp_path: Path) -> None:
    cache, data, outer = tmp_path / "cache", tmp_path / "data", tmp_path / "payments"
    inner = fill(outer / "inner")
    for root in (outer, inner):
        add(cache, root)
    readers = IndexReaders(cache, data)
    readers.let(outer, ["ada", "bob"])
    assert (shown(cache, data, inner, "eve"), shown(cache, data, inner, "ada")) == (set(), {"shop/model.py"})
    assert readers.of(inner) == frozenset({"ada", "bob"})
    readers.let(inner, ["ada", "eve"])
    assert readers.of(inner) == frozenset({"ada"})
    assert shown(cache, data, inner, "eve") == set()


def test_nothing_is_told_of_the_names_in_a_folder_that_is_closed(tmp_path: Path) -> None:
    cache, data, outer = tmp_path / "cache", tmp_path / "data", tmp_path / "projects"
    (outer / "payments").mkdir(parents=True)
    (outer / "payments" / "__init__.py").touch()
    (outer / "payments" / "model.py").write_text("class Ledger: ...\n")
    (outer / "checkout.py").write_text(CHECKOUT)
    add(cache, outer)
    IndexReaders(cache, data).let(outer / "payments", ["ada"])
    memory = RepositoryMemory(cache, data)
    query = Query("from payments.model import ", "\n", "python", f"{outer}/checkout.py")
    told = {key: [memory.unknown(query, name, key=key) for name in ("Ledger", "Guess")] for key in ("ada", "eve")}
    memory.close()
    assert told["ada"] == [[], ["Guess"]]
    assert told["eve"][0] == told["eve"][1] == []


def test_who_may_not_read_a_repository_is_shown_another_with_the_same_code(
    readers: IndexReaders, cache: Path, data: Path, repository: Path
) -> None:
    """As if the one were not there."""
    fork = fill(repository.parent / "deeper" / "fork")
    (fork / "shop" / "model.py").rename(fork / "shop" / "forked.py")
    add(cache, fork)
    readers.let(fork, ["ada"])
    nowhere = Path("elsewhere")
    assert shown(cache, data, nowhere, "ada") == {"shop/forked.py"}
    assert shown(cache, data, nowhere, "eve") == {"shop/model.py"}


def test_what_one_is_shown_is_not_remembered_for_another(
    readers: IndexReaders, cache: Path, data: Path, repository: Path
) -> None:
    """At the same place, in one service, also when readers change meanwhile."""
    readers.let(repository, ["ada"])
    memory = RepositoryMemory(cache, data)
    query = Query(CHECKOUT[:-40], CHECKOUT[-40:], "python", f"{repository}/checkout.py")
    first = memory.shown(query, ROOM, key="ada")
    assert first
    for key in ("eve", None):
        assert memory.shown(query, ROOM, key=key) == []
    assert memory.shown(query, ROOM, key="ada") is first
    readers.let(repository, ["eve"])
    assert memory.shown(query, ROOM, key="ada") == []
    assert memory.shown(query, ROOM, key="eve") is not first
    memory.close()


def test_a_clone_belongs_to_files_elsewhere_by_their_text(tmp_path: Path, repository: Path) -> None:
    """People work in folders of their own machines."""
    cache = tmp_path / "cache"
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Second")
    add(cache, RepositoryClones(cache).fetch(GitURL.parse(f"file://{repository}")))
    assert shown(cache, None, Path("/home/ada/shop"), None) == {"shop/model.py"}
    assert shown(cache, None, Path("/home/ada/shop"), None, "another.py") == {"shop/model.py", "checkout.py"}


def test_the_record_is_for_people_too(readers: IndexReaders, data: Path, repository: Path) -> None:
    readers.let(repository, ["bob", "ada"])
    record = data / "readers" / f"{name_of(repository)}.json"
    assert json.loads(record.read_text()) == {"folder": str(repository), "keys": ["ada", "bob"]}
