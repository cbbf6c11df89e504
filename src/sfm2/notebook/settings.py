"""The settings for all cells: those of `%sfm2 config`, else of the environment and the configuration file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import sfm2.config
from sfm2.client import SFM2Client
from sfm2.config import Settings
from sfm2.errors import InvalidRequestError
from sfm2.types import MAX_NEW_TOKENS, Language

CONTEXT = 4_000  # characters of earlier cells, about 1,000 tokens
_SUGGESTION = "`%sfm2 config` shows every setting; `%sfm2 config NAME default` resets one"


@dataclass(frozen=True)
class NotebookSettings:
    """What `%sfm2 config` has set for this session. None: not set."""

    url: str | None = None
    key: str | None = None
    language: Language | None = None
    max_length: int | None = None
    temperature: float | None = None
    context: int | None = None

    def with_value(self, name: str, text: str) -> NotebookSettings:
        """A copy with a setting as the user writes it; "default" resets it. Raises `InvalidRequestError`."""
        if name not in _READERS:
            raise InvalidRequestError(
                f"unknown setting {name}; expected one of {', '.join(_READERS)}", suggestion=_SUGGESTION
            )
        return replace(self, **{name: None if text == "default" else _READERS[name](text)})


@dataclass(frozen=True)
class Effective:
    """The settings in effect, and where each comes from."""

    url: str
    key: str | None
    language: Language
    max_length: int | None
    temperature: float | None
    context: int
    """Characters of earlier cells to send; 0 is off"""
    configured: Settings
    """Those of the environment and the configuration file"""
    timeout: float
    """Seconds to wait for the server, which may give each backend of its chain as much time as ours would get"""
    origins: Mapping[str, str]
    """By setting: default, session, an environment variable or a file"""

    @property
    def default_temperature(self) -> float:
        """What a server usually takes for a cell."""
        return self.configured.generation.default_temperature

    @property
    def place(self) -> str:
        """The server's address, without user and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def connect(self) -> SFM2Client:
        """A client of the server. Raises `InvalidRequestError` for a malformed address or key."""
        return SFM2Client(self.url, self.key, timeout=self.timeout)


def effective(settings: NotebookSettings, environment: Mapping[str, str] = os.environ) -> Effective:
    """The settings in effect: defaults < configuration file < environment < this session. Raises `ConfigError`."""
    loaded = sfm2.config.load(environment=environment)
    configured = loaded.settings
    named, key = environment.get("SFM2_API_URL"), environment.get("SFM2_API_KEY")
    of_api = sorted({loaded.origins["api.host"], loaded.origins["api.port"]} - {"default"})
    origins = {
        "url": "environment SFM2_API_URL" if named else f"api.host and api.port ({', '.join(of_api) or 'default'})",
        "key": "environment SFM2_API_KEY" if key else "default",
        **dict.fromkeys(("language", "max_length", "temperature", "context"), "default"),
    }
    return Effective(
        url=settings.url or named or configured.api.url,
        key=settings.key or key or None,
        language=settings.language or Language.PYTHON,
        max_length=settings.max_length,
        temperature=settings.temperature,
        context=CONTEXT if settings.context is None else settings.context,
        configured=configured,
        timeout=configured.generation.timeout * len(configured.fallback.chain),
        origins={name: origin if getattr(settings, name) is None else "session" for name, origin in origins.items()},
    )


def characters(text: str) -> int:
    """The setting `context` as a number; "off" is 0. Raises `InvalidRequestError`."""
    if text == "off":
        return 0
    if not text.isascii() or not text.isdigit():
        raise InvalidRequestError(f'context: expected a number of characters, or "off", not {text!r}')
    return int(text)


def _language(text: str) -> Language:
    try:
        return Language(text.lower())
    except ValueError:
        known = ", ".join(Language)
        raise InvalidRequestError(f"language: expected one of {known}, not {text!r}", suggestion=_SUGGESTION) from None


def _max_length(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_NEW_TOKENS:
        raise InvalidRequestError(
            f"max_length: expected a number of tokens from 1 to {MAX_NEW_TOKENS}, not {text!r}", suggestion=_SUGGESTION
        )
    return int(text)


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 2:
        raise InvalidRequestError(f"temperature: expected a number from 0 to 2, not {text!r}", suggestion=_SUGGESTION)
    return value


def _url(text: str) -> str:
    SFM2Client(text).close()  # raises for a malformed one
    return text


def _key(text: str) -> str:
    SFM2Client(api_key=text).close()
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "url": _url,
    "key": _key,
    "language": _language,
    "max_length": _max_length,
    "temperature": _temperature,
    "context": characters,
}
