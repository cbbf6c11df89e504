"""What is kept about API keys, and about who did something to them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, NamedTuple

from sfm2.types import DEFAULT_SCOPES, KeyScope

LOGGED = 100_000
"""Entries of the log that are kept, about 20 MB; older ones are deleted"""


@dataclass(frozen=True)
class Key:
    """What is known about a key; not the key itself. Times are Unix times."""

    id: str
    name: str
    rate: str | None
    """Its own rate limit, such as "5/second"; None: the server's"""
    created_at: float
    revoked_at: float | None
    """None: it has not been revoked"""
    adapter: str | None = None
    """The adapter for requests that name none; None: the server's"""
    scopes: tuple[KeyScope, ...] = DEFAULT_SCOPES
    expires_at: float | None = None
    """None: never"""
    last_used_at: float | None = None
    """To about a minute; None: never, as far as is known"""
    previous_until: float | None = None
    """Until when the secret from before the last rotation works; None: it was never rotated"""

    def allows(self, scope: KeyScope) -> bool:
        """Whether the key is good for what needs this scope."""
        return scope in self.scopes or KeyScope.ADMIN in self.scopes

    def expired(self, now: float) -> bool:
        """Whether it has expired by the Unix time `now`."""
        return self.expires_at is not None and now >= self.expires_at


class StoredKey(NamedTuple):
    """A key with the SHA-256 of its secret, and of the secret that it had before."""

    key: Key
    digest: bytes
    previous: bytes | None


@dataclass(frozen=True)
class Actor:
    """Who does something to a key: over HTTP somebody with a key, from an address, on the command line a user."""

    key_id: str | None = None
    user: str | None = None
    address: str | None = None

    @classmethod
    def this_user(cls) -> Actor:
        """The system's user that runs this process. By its number: variables such as USER may say anything."""
        return cls(user=_user_name())


class Act(NamedTuple):
    """Something that is done to a key, as the log keeps it."""

    at: float
    """Unix time"""
    action: str
    key_id: str
    by: Actor
    details: dict[str, Any]
    """What was asked for; no secrets"""


def _user_name() -> str:
    try:
        import pwd
    except ImportError:  # Windows
        return os.environ.get("USERNAME", "unknown")
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return f"uid {os.getuid()}"
