"""A store of the version before becomes one of this version, and nothing in it is lost."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import KeyScope
from tests.server.live import Serving

# As version 3 made them.
VERSION_3 = """
    CREATE TABLE keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, rate TEXT,
        created_at REAL NOT NULL, revoked_at REAL, adapter TEXT
    );
    CREATE TABLE counters (name TEXT PRIMARY KEY, value REAL NOT NULL);
    CREATE TABLE rate_hits (name TEXT NOT NULL, at REAL NOT NULL, expires_at REAL NOT NULL);
    CREATE INDEX rate_hits_by_name ON rate_hits (name, at);
    CREATE INDEX rate_hits_by_expiry ON rate_hits (expires_at);
    CREATE TABLE completions (
        id TEXT PRIMARY KEY, at REAL NOT NULL, key_id TEXT, backend TEXT NOT NULL, weights TEXT,
        confidence REAL NOT NULL, calibrated INTEGER NOT NULL, features TEXT, outcome TEXT
    );
    CREATE INDEX completions_by_time ON completions (at);
    PRAGMA user_version = 3;
    PRAGMA journal_mode = WAL;
"""
SECRET = "kBqCIDJXo5gZQ1QqB0X8a4y7kqgDq5ZbCw1y2J2u3Yk"
TEXT = f"sfm2_0123456789ab_{SECRET}"


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    """The folder of a store of version 3, with a key in use and a revoked one."""
    digest = hashlib.sha256(SECRET.encode()).digest()
    with closing(sqlite3.connect(tmp_path / "sfm2.db", isolation_level=None)) as connection:
        connection.executescript(VERSION_3)
        connection.executemany(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                ("0123456789ab", "laptop", digest, "5/second", 1.7e9, None, "mine"),
                ("ba9876543210", "gone", digest, None, 1.6e9, 1.65e9, None),
            ],
        )
        connection.execute("INSERT INTO counters VALUES ('requests', 7)")
    return tmp_path


@pytest.fixture
def keys(old_store: Path) -> Iterator[Keys]:
    with closing(Store.in_folder(old_store)) as store:
        yield Keys(store)


def test_keys_are_kept_and_may_do_what_they_could(keys: Keys) -> None:
    gone, key = keys.all()
    assert keys.check(TEXT) == key
    assert (key.id, key.name, key.rate, key.adapter, key.created_at) == (
        *("0123456789ab", "laptop", "5/second", "mine"),
        1.7e9,
    )
    assert key.scopes == (KeyScope.GENERATE, KeyScope.STATS)
    assert (key.revoked_at, key.expires_at, key.last_used_at, key.previous_until) == (None, None, None, None)
    assert (gone.name, gone.revoked_at) == ("gone", 1.65e9)
    assert keys.log(10) == []


def test_keys_from_before_adapters_are_kept_too(old_store: Path) -> None:
    with closing(sqlite3.connect(old_store / "sfm2.db", isolation_level=None)) as connection:
        connection.execute("ALTER TABLE keys DROP COLUMN adapter")
        connection.execute("PRAGMA user_version = 2")
    with closing(Store.in_folder(old_store)) as store:
        key = Keys(store).check(TEXT)
        assert (key.adapter, key.scopes) == (None, (KeyScope.GENERATE, KeyScope.STATS))
        _, another = Keys(store).create("desk", adapter="one")
        assert Keys(store).check(another).adapter == "one"


def test_kept_keys_can_be_rotated_and_revoked(keys: Keys) -> None:
    _, new = keys.rotate("0123456789ab", grace=60)
    assert keys.check(TEXT) == keys.check(new)
    keys.revoke("0123456789ab")
    assert [entry.action for entry in keys.log(10)] == ["revoke", "rotate"]


def test_a_server_that_was_updated_takes_them(serving: Serving, old_store: Path) -> None:
    headers = {"X-API-Key": TEXT}
    with serving() as client:
        assert client.post("/feedback", json={}, headers=headers).status_code == 422
        assert client.get("/stats", headers=headers).json()["total_requests"] == 7
        assert client.get("/metrics", headers=headers).status_code == 200
        assert client.get("/admin/keys", headers=headers).status_code == 403
        assert client.get("/stats").status_code == 401
    with closing(sqlite3.connect(old_store / "sfm2.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_older_server_that_still_runs_goes_on(old_store: Path) -> None:
    """While workers are replaced one by one, the old ones have the file open."""
    with closing(sqlite3.connect(old_store / "sfm2.db")) as old:
        select = "SELECT id, name, rate, created_at, revoked_at, adapter, hash FROM keys WHERE id = ?"
        before = old.execute(select, ("0123456789ab",)).fetchall()
        with closing(Store.in_folder(old_store)) as store:
            Keys(store).create("new")
        assert old.execute(select, ("0123456789ab",)).fetchall() == before
        old.execute(
            "INSERT INTO keys (id, name, hash, rate, created_at, adapter) VALUES ('c', '', x'00', NULL, 1, NULL)"
        )
        old.commit()
    with closing(Store.in_folder(old_store)) as store:
        assert next(key for key in Keys(store).all() if key.id == "c").scopes == (KeyScope.GENERATE, KeyScope.STATS)
