"""API keys: created, stored as hashes, checked, revoked.

A key is `sfm2_<id>_<secret>`. The secret is 256 random bits, so that guessing is hopeless and a plain SHA-256 is enough:
slow password hashes exist for secrets that people choose. This does not protect keys in transit: beyond loopback, serve
behind TLS.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sfm2.errors import AuthenticationError, NotFoundError
from sfm2.server.usage.store import Store

_COLUMNS = "id, name, rate, created_at, revoked_at, adapter"


@dataclass(frozen=True)
class Key:
    """What is known about a key; not the key itself."""

    id: str
    name: str
    rate: str | None
    """Its own rate limit, such as "5/second"; None: the server's"""
    created_at: float
    """Unix time"""
    revoked_at: float | None
    """Unix time; None: the key is valid"""
    adapter: str | None = None
    """The adapter for requests that name none; None: the server's"""


class Keys:
    """The keys in a store. Revoked ones are kept: a server whose last key was revoked still requires one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, name: str = "", rate: str | None = None, adapter: str | None = None) -> tuple[Key, str]:
        """Create a key: what is known about it, and its text, which can't be recovered later."""
        key = Key(secrets.token_hex(6), name, rate, time.time(), None, adapter)
        secret = secrets.token_urlsafe(32)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO keys (id, name, hash, rate, created_at, adapter) VALUES (?, ?, ?, ?, ?, ?)",
                (key.id, name, _hash(secret), rate, key.created_at, adapter),
            )
        return key, f"sfm2_{key.id}_{secret}"

    def all(self) -> list[Key]:
        """All keys, oldest first."""
        return [Key(*row) for row in self._store.read(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at")]  # noqa: S608

    def exist(self) -> bool:
        """Whether any key was ever created."""
        return bool(self._store.read("SELECT 1 FROM keys LIMIT 1"))

    def revoke(self, key_id: str) -> None:
        """Invalidate a key from now on. Raises `NotFoundError` for an unknown id."""
        with self._store.transaction() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (time.time(), key_id)
            )
        if not changed.rowcount:
            raise NotFoundError(f"there is no key {key_id}", suggestion="`sfm2 keys list` shows the ids")

    def check(self, text: str) -> Key:
        """The key that a client sent as `text`. Raises `AuthenticationError` if it is wrong or revoked."""
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
