"""The URL of a store that several machines share: how it is written, and what it means."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator

_SCHEMES = ("valkey", "valkeys", "redis", "rediss", "unix")
_OPTIONS = {"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
_EXPECTED = (
    'expected a URL such as "valkey://:PASSWORD@HOST:6379/0", "rediss://USER:PASSWORD@HOST" with TLS or '
    '"unix:///run/valkey.sock?db=0"; in a password, / is %2F, @ is %40, # is %23, '
    f"? is %3F and a blank is %20. Options after the ? are {', '.join(sorted(_OPTIONS))}"
)


def parse_store_url(value: str) -> str:
    """As it is, if it is the URL of a Valkey or Redis server, or of its Unix socket."""
    try:
        parts = urlsplit(value)
        _ = parts.port
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:  # It may show the password.
        raise ValueError(_EXPECTED) from error
    # A password with such characters would be cut in the middle, and its rest be shown.
    misplaced = "@" in parts.path + parts.query or parts.netloc.count("@") > 1 or parts.fragment
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if (
        parts.scheme not in _SCHEMES
        or any(map(str.isspace, value))
        or misplaced
        or not place
        or options.keys() - _OPTIONS
    ):
        raise ValueError(_EXPECTED)
    return value


def store_place(url: str) -> str:
    """Which database of which server a store's URL means: the same however it is written, and without a password."""
    parts = urlsplit(url)
    database = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={database or 0}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"valkey://{host}:{parts.port or 6379}/{database or parts.path.strip('/') or 0}"


StoreURL = Annotated[str, AfterValidator(parse_store_url)]
