"""How settings are written: sizes, lists, origins, paths."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")
_HTTP = re.compile(r"https?://[^/?#@\s]+[^\s]*")
_ENGINE = re.compile(r"https?://(?:[^/?#@\s]*@)?[^/?#@\s]+[^?#\s]*")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?I?B?)\s*", re.IGNORECASE)


def parse_size(value: Any) -> Any:
    """ "8GB" -> 8000000000 bytes; "8GiB" counts in 1024s; numbers pass."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError('expected a size such as "8GB" or "512MiB"')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def parse_list(value: Any) -> Any:
    """ "a, b" -> ["a", "b"], as an environment variable has it; lists pass."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def parse_origin(value: str) -> str:
    """As browsers send it: "https://Tools.example/" -> "https://tools.example"."""
    origin = value.rstrip("/").lower()
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError(
            'expected "*" or a scheme and a host such as "https://tools.example" or "http://localhost:5173"'
        )
    return origin


def http_url(value: str | None) -> str | None:
    """An address of the web; anything else is refused."""
    if value is not None and not _HTTP.fullmatch(value):
        raise ValueError('expected an address such as "http://collector:4318/v1/traces"')
    return value


def parse_engine_url(value: str) -> str:
    """An address of an engine, without a slash at its end, nor the `/v1` that OpenAI's clients want; anything else is
    refused, as what is behind a `?` would be shown to everybody, and paths are appended to it."""
    if not _ENGINE.fullmatch(value):
        raise ValueError('expected an address such as "http://127.0.0.1:8080"')
    return value.rstrip("/").removesuffix("/v1").rstrip("/")


def parse_network(value: str) -> str:
    """An address or a network: "10.0.0.1" -> "10.0.0.1/32"."""
    try:
        return str(ipaddress.ip_network(value.strip()))
    except ValueError as error:
        raise ValueError(f'expected an address or a network such as "10.0.0.1" or "10.0.0.0/8": {error}') from error


Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]  # "~" is the user's home
Network = Annotated[str, AfterValidator(parse_network)]
EngineURL = Annotated[str, AfterValidator(parse_engine_url)]
Origin = Annotated[str, AfterValidator(parse_origin)]
LISTED = BeforeValidator(parse_list)


def upper(value: Any) -> Any:
    """Texts in upper case; anything else passes."""
    return value.upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    """Texts in lower case; anything else passes."""
    return value.lower() if isinstance(value, str) else value
