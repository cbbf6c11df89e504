"""All SQL about API keys and the log of what was done to them.

What changes a key writes the log within the same transaction: nothing is done that is not logged, nor the other way round.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from sfm2.server.usage import key_records
from sfm2.server.usage.key_records import Act, Key, StoredKey
from sfm2.server.usage.sqlite.file import SqliteFile
from sfm2.types import AuditEntry, KeyScope

_COLUMNS = "id, name, rate, created_at, revoked_at, adapter, scopes, expires_at, last_used_at, previous_until"
_SCOPES = 6  # the place of `scopes` in these


class SqliteKeys:
    """The keys in a file: a `KeyTable`."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def insert(self, key: Key, digest: bytes, act: Act) -> None:
        """Add a key; `digest` is the SHA-256 of its secret."""
        values = (key.id, key.name, digest, key.rate, key.created_at, key.adapter, " ".join(key.scopes), key.expires_at)
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT INTO keys (id, name, hash, rate, created_at, adapter, scopes, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            _log(connection, act)

    def all(self) -> list[Key]:
        """All keys, oldest first."""
        return [_key(row) for row in self._file.read(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at")]  # noqa: S608

    def any(self) -> bool:
        """Whether there are keys."""
        return bool(self._file.read("SELECT 1 FROM keys LIMIT 1"))

    def find(self, key_id: str) -> StoredKey | None:
        """The key with this id."""
        rows = self._file.read(f"SELECT {_COLUMNS}, hash, previous_hash FROM keys WHERE id = ?", (key_id,))  # noqa: S608
        return StoredKey(_key(rows[0][:-2]), *rows[0][-2:]) if rows else None

    def replace_secret(self, digest: bytes, previous_until: float, expires_at: float | None, act: Act) -> bool:
        """Give the key of the act another secret, unless it was revoked or has expired: whether it got one.

        The present secret works until the Unix time `previous_until`, or the key's present end if that is earlier.
        `expires_at`: the key's end from now on; None: as before. Again with the same `digest` is harmless.
        """
        with self._file.transaction() as connection:
            if connection.execute("SELECT 1 FROM keys WHERE id = ? AND hash = ?", (act.key_id, digest)).fetchone():
                return True
            changed = connection.execute(
                "UPDATE keys SET previous_hash = hash, previous_until = min(?, coalesce(expires_at, ?)), hash = ?,"
                " expires_at = coalesce(?, expires_at)"
                " WHERE id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, 1)",
                (previous_until, previous_until, digest, expires_at, act.key_id, act.at),
            ).rowcount
            if changed:
                _log(connection, act)
        return bool(changed)

    def revoke(self, act: Act) -> None:
        """Revoke the key of the act. One that is revoked keeps its date, and nothing is logged."""
        with self._file.transaction() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (act.at, act.key_id)
            ).rowcount
            if changed:
                _log(connection, act)

    def used(self, times: Mapping[str, float]) -> None:
        """Note when keys were used: the Unix time for each id."""
        with self._file.transaction() as connection:
            connection.executemany(
                "UPDATE keys SET last_used_at = ? WHERE id = ?", [(at, key_id) for key_id, at in times.items()]
            )

    def log(self, limit: int, before: int | None) -> list[AuditEntry]:
        """The newest entries of the log, `limit` at most, newest first; with `before`, of those older than this id."""
        rows = self._file.read(
            "SELECT id, at, action, key_id, by_key, by_user, address, details FROM key_log"
            " WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?",
            (before, before, limit),
        )
        names = ("id", "at", "action", "key_id", "by_key", "by_user", "address")
        return [AuditEntry(**dict(zip(names, row[:-1], strict=True)), details=json.loads(row[-1])) for row in rows]


def _key(row: tuple[Any, ...]) -> Key:
    values, named = list(row), row[_SCOPES].split()
    values[_SCOPES] = tuple(scope for scope in KeyScope if scope in named)
    return Key(*values)


def _log(connection: sqlite3.Connection, act: Act) -> None:
    connection.execute(
        "INSERT INTO key_log (at, action, key_id, by_key, by_user, address, details) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (act.at, act.action, act.key_id, act.by.key_id, act.by.user, act.by.address, json.dumps(act.details)),
    )
    connection.execute("DELETE FROM key_log WHERE id <= (SELECT max(id) FROM key_log) - ?", (key_records.LOGGED,))
