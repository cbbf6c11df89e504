"""API keys as admins see and make them, and the log of what they did. Times are Unix times, in seconds."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from sfm2.types.names import KeyScope
from sfm2.types.wire import NUMBER, Request, Text, Wire

DEFAULT_SCOPES = (KeyScope.GENERATE, KeyScope.STATS)
"""Of a key that was made without naming any: what every key could do before there were scopes."""
LONGEST_LIFETIME = 10 * 366 * 86_400
"""Seconds that a key, and the one that it replaces, may be given: ten years."""


# It is shown on terminals: no characters that control them, reorder what is read, or can't be seen.
_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*$"
_IS_LINE = re.compile(_LINE)
# Of what the package `limits` reads: one rate with a span that is counted in numbers of common size.
_RATE = r"^ *[1-9][0-9]{0,8} *(/|per) *([1-9][0-9]{0,3} *)?(second|minute|hour|day|month|year)s? *$"
_IS_RATE = re.compile(_RATE, re.ASCII | re.IGNORECASE)


def _printable(text: str) -> str:
    if not _IS_LINE.fullmatch(text):
        raise ValueError("must be one line of printable characters")
    return text


Label = Annotated[Text, AfterValidator(_printable), Field(json_schema_extra={"pattern": _LINE})]
"""One line of printable text."""


def _rate(text: str) -> str:
    if not _IS_RATE.fullmatch(text):
        raise ValueError('expected a form such as "100/minute" or "5 per 10 seconds"')
    return text


Rate = Annotated[str, AfterValidator(_rate), Field(max_length=100, json_schema_extra={"pattern": _RATE})]
"""How often somebody may ask."""


class CreateKeyRequest(Request):
    """Make an API key."""

    name: Label = Field("", max_length=200)
    """Who uses the key"""
    rate: Rate | None = None
    """A rate limit for this key, such as "200/minute"; null: the server's"""
    adapter: Label | None = Field(None, max_length=200)
    """The adapter that answers this key's requests if they name none, "none" for none; null: the one in use"""
    scopes: list[KeyScope] = Field(list(DEFAULT_SCOPES), min_length=1, max_length=len(KeyScope))
    """What the key is good for; `admin` is good for everything"""
    expires_in: Annotated[float | None, Field(gt=0, le=LONGEST_LIFETIME), NUMBER] = None
    """Seconds after which the key is refused; null: never"""


class RotateKeyRequest(Request):
    """Give an API key another secret."""

    grace: Annotated[float, Field(ge=0, le=LONGEST_LIFETIME), NUMBER] = 0
    """Seconds for which the present secret works too, at most until the key would have expired"""
    expires_in: Annotated[float | None, Field(gt=0, le=LONGEST_LIFETIME), NUMBER] = None
    """Seconds from now after which the key is refused; null: as before"""


class AuditRequest(Request):
    """Which part of the log."""

    limit: int = Field(100, ge=1, le=1000)
    """Entries at most"""
    before: int | None = Field(None, ge=1, le=2**63 - 1)
    """Only entries older than the one with this `id`; null: the newest"""


class KeyInfo(Wire):
    """What is known about an API key; never the key itself."""

    id: str
    name: str
    scopes: list[KeyScope]
    """What the key is good for; `admin` is good for everything"""
    rate: str | None
    """Its own rate limit; null: the server's"""
    adapter: str | None
    """The adapter for requests that name none; null: the server's"""
    created_at: float
    expires_at: float | None
    """Null: never"""
    revoked_at: float | None
    """Null: it has not been revoked"""
    last_used_at: float | None
    """To about a minute; null: never, as far as is known"""
    previous_until: float | None
    """Until when the secret from before the last rotation works, or worked; null: it was never rotated"""


class KeyList(Wire):
    """All keys, the oldest first, revoked and expired ones too."""

    keys: list[KeyInfo]


class NewKey(Wire):
    """A key, and what clients send as API key: it is shown only now."""

    key: KeyInfo
    api_key: str


class AuditEntry(Wire):
    """Something that was done to a key."""

    id: int
    """Counts up"""
    at: float
    action: str
    """`create`, `rotate` or `revoke`; more may come"""
    key_id: str
    """The key that it was done to"""
    by_key: str | None
    """The id of the key of whoever did it over HTTP"""
    by_user: str | None
    """The name of the system's user who did it on the command line"""
    address: str | None
    """Where the request came from; null on the command line"""
    details: dict[str, Any]
    """What was asked for"""


class AuditLog(Wire):
    """What admins did, the newest first."""

    entries: list[AuditEntry]
