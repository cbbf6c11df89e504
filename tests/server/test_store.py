"""The SQLite file: made on demand, private, and a clear error where it can't be."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from sfm2.errors import ConfigError
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


def test_a_file_that_is_no_store_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "sfm2.db").write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match=r"sfm2\.db"):
        Store.in_folder(tmp_path).read("SELECT 1")


def test_a_folder_that_can_not_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        Store.in_folder(tmp_path / "file" / "data").read("SELECT 1")
    assert "storage.data_dir" in caught.value.suggestion


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "sfm2.db")
    connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(ConfigError, match="newer"):
        Store.in_folder(tmp_path).read("SELECT 1")
