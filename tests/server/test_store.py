"""The SQLite file: made on demand, private, and a clear error where it can't be."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from sfm2.errors import StorageUnavailableError
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.sqlite import file as module
from sfm2.server.usage.store import Store


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    store.read("SELECT 1")
    assert store.path.is_file()
    store.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as connection:
        connection.executemany("INSERT INTO counters VALUES (?, 1)", [("a",), ("a",)])
    assert store.read("SELECT * FROM counters") == []
    store.close()


def test_many_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    def add() -> None:
        store = Store.in_folder(tmp_path)
        with store.transaction() as connection:
            connection.execute("INSERT INTO rate_hits VALUES ('a', 1, 1)")
        store.close()

    threads = [threading.Thread(target=add) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = Store.in_folder(tmp_path)
    assert store.read("SELECT count(*) FROM rate_hits") == [(24,)]
    store.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    content = b"not a database" * 100
    (tmp_path / "sfm2.db").write_bytes(content)
    store = Store.in_folder(tmp_path)
    for use in (lambda: store.read("SELECT * FROM keys"), lambda: Keys(store).create()):
        with pytest.raises(StorageUnavailableError, match="damaged"):
            use()
    assert (tmp_path / "sfm2.db").read_bytes() == content


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sfm2.db")) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    with pytest.raises(StorageUnavailableError, match="another program"):
        Store.in_folder(tmp_path).read("SELECT 1")
    with closing(sqlite3.connect(tmp_path / "sfm2.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_folder_that_can_not_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailableError) as caught:
        Store.in_folder(tmp_path / "file" / "data").read("SELECT 1")
    assert "storage.data_dir" in caught.value.suggestion


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "sfm2.db")
    connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(StorageUnavailableError, match="newer"):
        Store.in_folder(tmp_path).read("SELECT 1")
    with closing(sqlite3.connect(tmp_path / "sfm2.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1000,)
        assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []


def test_a_file_that_was_replaced_is_used_without_what_belonged_to_the_old_one(tmp_path: Path) -> None:
    store, backup = Store.in_folder(tmp_path), tmp_path / "backup.db"
    kept, _ = Keys(store).create("kept")
    store.read("PRAGMA wal_checkpoint")
    backup.write_bytes(store.path.read_bytes())
    Keys(store).create("after the backup")
    backup.replace(store.path)
    assert Keys(store).all() == [kept]
    Keys(store).create("later")
    assert [key.name for key in Keys(Store.in_folder(tmp_path)).all()] == ["kept", "later"]
    assert store.read("PRAGMA integrity_check") == [("ok",)]
    store.close()


def test_a_file_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path / "data")
    Keys(store).create()
    shutil.rmtree(tmp_path / "data")
    assert Keys(store).all() == []
    Keys(store).create("new")
    assert [key.name for key in Keys(Store.in_folder(tmp_path / "data")).all()] == ["new"]
    store.close()


def test_a_file_that_was_overwritten_is_noticed_although_it_was_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORGET_AFTER", 0)
    store = Store.in_folder(tmp_path)
    Keys(store).create()
    store.read("PRAGMA wal_checkpoint")
    assert Keys(store).exist()
    store.path.write_bytes(b"x" * store.path.stat().st_size)
    with pytest.raises(StorageUnavailableError, match="damaged"):
        Keys(store).exist()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    Keys(store).create("before")
    (pages,) = store.read("PRAGMA page_count")[0]
    store.read(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageUnavailableError, match="the disk is full"), store.transaction() as connection:
        connection.executemany("INSERT INTO counters VALUES (?, 1)", [(f"counter {n}",) for n in range(1000)])
    assert store.read("SELECT count(*) FROM counters") == [(0,)]
    assert [key.name for key in Keys(store).all()] == ["before"]
    assert store.read("PRAGMA integrity_check") == [("ok",)]
    Keys(store).create("after")
    store.close()


def test_a_bug_of_ours_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError):
        store.read("SELECT ?", (1, 2))
    store.close()
