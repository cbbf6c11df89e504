"""What holds for all cells: `%sfm2 config` sets it for this session, else the environment and the configuration do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import sfm2.config
from sfm2.client import SFM2Client
from sfm2.errors import InvalidRequestError
from sfm2.types import MAX_NEW_TOKENS, Language

CONTEXT = 4_000  # characters of earlier cells, about 1,000 tokens
_SUGGESTION = "`%sfm2 config` shows every setting; `%sfm2 config NAME default` sets one back"


@dataclass(frozen=True)
class Settings:
    """None: nobody has set it here."""

    url: str | None = None
    key: str | None = None
    language: Language | None = None
    max_length: int | None = None
    temperature: float | None = None
    context: int | None = None

    def with_value(self, name: str, text: str) -> Settings:
        """A setting as a person writes it; "default" sets it back. Raises `InvalidRequestError`."""
        if name not in _READERS:
            raise InvalidRequestError(
                f"unknown setting {name}; expected one of {', '.join(_READERS)}", suggestion=_SUGGESTION
            )
        return replace(self, **{name: None if text == "default" else _READERS[name](text)})


@dataclass(frozen=True)
class Effective:
    """What holds, and where each part came from."""

    url: str
    key: str | None
    language: Language
    max_length: int | None
    temperature: float | None
    context: int
    timeout: float
    """Seconds: the server may give each backend of its chain as long as ours would get."""
    origins: Mapping[str, str]

    @property
    def place(self) -> str:
        """The address, without a user and password."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def connect(self) -> SFM2Client:
        """Raises `InvalidRequestError` for an address that is none, or a key that no header can carry."""
        return SFM2Client(self.url, self.key, timeout=self.timeout)


def effective(settings: Settings, environment: Mapping[str, str] = os.environ) -> Effective:
    """Defaults < configuration file < environment < this session. Raises `ConfigError`."""
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
        timeout=configured.generation.timeout * len(configured.fallback.chain),
        origins={name: origin if getattr(settings, name) is None else "session" for name, origin in origins.items()},
    )


def characters(text: str) -> int:
    """Of context: a number, or "off"."""
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
    SFM2Client(text).close()  # says what is wrong with it
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
