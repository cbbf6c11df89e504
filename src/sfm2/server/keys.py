"""API keys: made, kept as hashes, checked, revoked.

A key is `sfm2_<id>_<secret>`. The secret is 256 random bits, so that guessing is hopeless and a plain SHA-256 is enough:
slow password hashes exist for secrets that people choose. This does not cover keys on their way: beyond loopback, serve
behind TLS.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sfm2.errors import AuthenticationError, NotFoundError
from sfm2.server.store import Store

_COLUMNS = "id, name, rate, created_at, revoked_at, adapter"


@dataclass(frozen=True)
class Key:
    """What is known of a key; not the key itself. Times are Unix seconds. `adapter` answers its requests that name none."""

    id: str
    name: str
    rate: str | None
    created_at: float
    revoked_at: float | None
    adapter: str | None = None


class Keys:
    """The keys of a store. Revoked ones stay listed, so that revoking the last one does not open the door."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, name: str = "", rate: str | None = None, adapter: str | None = None) -> tuple[Key, str]:
        """A new key, and the text to give away: it can't be had again."""
        key = Key(secrets.token_hex(6), name, rate, time.time(), None, adapter)
        secret = secrets.token_urlsafe(32)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO keys (id, name, hash, rate, created_at, adapter) VALUES (?, ?, ?, ?, ?, ?)",
                (key.id, name, _hash(secret), rate, key.created_at, adapter),
            )
        return key, f"sfm2_{key.id}_{secret}"

    def all(self) -> list[Key]:
        """Oldest first."""
        return [Key(*row) for row in self._store.read(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at")]  # noqa: S608

    def exist(self) -> bool:
        """Whether any key was ever created."""
        return bool(self._store.read("SELECT 1 FROM keys LIMIT 1"))

    def revoke(self, key_id: str) -> None:
        """From now on the key opens nothing. Raises `NotFoundError` for an unknown id."""
        with self._store.transaction() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (time.time(), key_id)
            )
        if not changed.rowcount:
            raise NotFoundError(f"there is no key {key_id}", suggestion="`sfm2 keys list` shows the ids")

    def check(self, text: str) -> Key:
        """The key behind what a client sent. Raises `AuthenticationError`."""
        key_id, secret = _parse(text)
        rows = self._store.read(f"SELECT {_COLUMNS}, hash FROM keys WHERE id = ?", (key_id,))  # noqa: S608
        if not rows or not hmac.compare_digest(rows[0][-1], _hash(secret)):
            raise AuthenticationError("the API key is not valid")
        key = Key(*rows[0][:-1])
        if key.revoked_at is not None:
            raise AuthenticationError("the API key has been revoked")
        return key


def _parse(text: str) -> tuple[str, str]:
    head, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if head != "sfm2" or not key_id or not secret:
        raise AuthenticationError("the API key is not valid: expected the form sfm2_ID_SECRET")
    return key_id, secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
