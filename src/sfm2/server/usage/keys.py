"""API keys: created, stored as hashes, checked, rotated, revoked.

A key is `sfm2_<id>_<secret>`. The secret is 256 random bits, so that guessing is hopeless and a plain SHA-256 is enough:
slow password hashes exist for secrets that people choose. This does not protect keys in transit: beyond loopback, serve
behind TLS.

A key that is rotated keeps its id, and with it its rate, its feedback and its place in the log; only its secret is another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sfm2.errors import AuthenticationError, ConfigError, InvalidRequestError, NotFoundError, StorageUnavailableError
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.key_records import Act, Actor, Key
from sfm2.server.usage.tables import StoreTables
from sfm2.types import DEFAULT_SCOPES, AuditEntry, KeyScope

LOST = ": the store was deleted, emptied or replaced after keys had been created; servers refuse all of those"
"""What commands add where there is no key any more"""


class Keys:
    """The keys in a store. Revoked and expired ones are kept: a server whose last key was revoked still requires one.

    With a `memory`, that there are keys is remembered before the first is made. `clock` gives the Unix time. `by` in the
    methods is who does it; None: the user of this process.
    """

    def __init__(
        self, store: StoreTables, memory: KeyMemory | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._table = store.keys
        self._memory = memory
        self._clock = clock

    def create(
        self,
        name: str = "",
        rate: str | None = None,
        adapter: str | None = None,
        *,
        scopes: Collection[KeyScope] = DEFAULT_SCOPES,
        lifetime: float | None = None,
        by: Actor | None = None,
    ) -> tuple[Key, str]:
        """Create a key: what is known about it, and its text, which can't be recovered later.

        It expires after `lifetime` seconds; None: never. Raises `ConfigError` if that there are keys can't be remembered.
        """
        if self._memory is not None:
            _remember(self._memory)
        now = self._clock()
        key = Key(
            id=secrets.token_hex(6),
            name=name,
            rate=rate,
            created_at=now,
            revoked_at=None,
            adapter=adapter,
            scopes=tuple(scope for scope in KeyScope if scope in scopes),
            expires_at=_after(now, lifetime),
        )
        secret = secrets.token_urlsafe(32)
        details = {
            "name": name,
            "rate": rate,
            "adapter": adapter,
            "scopes": list(key.scopes),
            "expires_at": key.expires_at,
        }
        self._table.insert(key, _hash(secret), self._act("create", key.id, by, details))
        return key, _text(key.id, secret)

    def rotate(
        self, key_id: str, *, grace: float = 0.0, lifetime: float | None = None, by: Actor | None = None
    ) -> tuple[Key, str]:
        """Give a key another secret: what is known about it then, and its new text.

        The present secret works for `grace` seconds more, but not longer than it would have; the one before it no more.
        The key expires after `lifetime` seconds from now; None: when it would have. Raises `NotFoundError` for an unknown
        id, and `InvalidRequestError` for a key that was revoked or has expired.

        Where the store does not say whether it was done, the same is tried once more: done twice with two secrets, the
        present one would be gone.
        """
        now, secret = self._clock(), secrets.token_urlsafe(32)
        expires_at = _after(now, lifetime)
        act = self._act("rotate", key_id, by, {"grace": grace, "expires_at": expires_at})
        try:
            done = self._table.replace_secret(_hash(secret), now + grace, expires_at, act)
        except StorageUnavailableError:
            done = self._table.replace_secret(_hash(secret), now + grace, expires_at, act)
        key = self._find(key_id)
        if not done:
            raise InvalidRequestError(
                f"the key {key_id} {'has been revoked' if key.revoked_at else 'has expired'}, and can't be rotated",
                suggestion="Create another key",
            )
        return key, _text(key_id, secret)

    def revoke(self, key_id: str, by: Actor | None = None) -> Key:
        """Invalidate a key from now on. Raises `NotFoundError` for an unknown id."""
        self._table.revoke(self._act("revoke", key_id, by, {}))
        return self._find(key_id)

    def all(self) -> list[Key]:
        """All keys, oldest first."""
        return self._table.all()

    def exist(self) -> bool:
        """Whether any key was ever created."""
        return self._table.any()

    def lost(self) -> bool:
        """Whether there were keys, and the store has none any more: it was deleted, emptied or replaced."""
        return self._memory is not None and self._memory.remembered() and not self.exist()

    def check(self, text: str) -> Key:
        """The key that a client sent as `text`. Raises `AuthenticationError` if it is wrong, revoked or expired."""
        key_id, secret = _parse(text)
        found = self._table.find(key_id)
        if found is None:
            raise AuthenticationError("the API key is not valid")
        key, digest, previous = found
        given = _hash(secret)
        now = self._clock()
        if not hmac.compare_digest(digest, given):
            if previous is None or not hmac.compare_digest(previous, given):
                raise AuthenticationError("the API key is not valid")
            if key.previous_until is None or now >= key.previous_until:
                raise AuthenticationError("the API key has been replaced by a new one")
        if key.revoked_at is not None:
            raise AuthenticationError("the API key has been revoked")
        if key.expired(now):
            raise AuthenticationError("the API key has expired")
        return key

    def used(self, times: Mapping[str, float]) -> None:
        """Note when keys were used: the Unix time for each id."""
        self._table.used(times)

    def log(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """What was done to keys, newest first, `limit` entries at most; with `before`, of those older than this id."""
        return self._table.log(limit, before)

    def _find(self, key_id: str) -> Key:
        found = self._table.find(key_id)
        if found is None:
            raise NotFoundError(
                f"there is no key {key_id}{LOST if self.lost() else ''}", suggestion="`sfm2 keys list` shows the ids"
            )
        return found.key

    def _act(self, action: str, key_id: str, by: Actor | None, details: dict[str, Any]) -> Act:
        return Act(self._clock(), action, key_id, by or Actor.this_user(), details)


def _after(now: float, seconds: float | None) -> float | None:
    return None if seconds is None else now + seconds


def _text(key_id: str, secret: str) -> str:
    return f"sfm2_{key_id}_{secret}"


def _remember(memory: KeyMemory) -> None:
    try:
        memory.remember()
    except OSError as error:
        raise ConfigError(
            f"cannot note in {memory.file} that there are keys: {error.strerror}",
            suggestion="Set storage.state_dir (SFM2_STORAGE_STATE_DIR) to a folder that can be written to, "
            "and that is not lost together with storage.data_dir",
        ) from error


def _parse(text: str) -> tuple[str, str]:
    head, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    if head != "sfm2" or not key_id or not secret:
        raise AuthenticationError("the API key is not valid: expected the form sfm2_ID_SECRET")
    return key_id, secret


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
