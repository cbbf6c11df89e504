"""Addresses of git repositories elsewhere: which are taken, and how they are shown. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from sfm2.errors import RepositoryError

_SHORT = re.compile(r"(?P<user>[\w.+-]+)@(?P<host>\w[\w.-]*):(?P<path>[^-].*)")
_HOST = re.compile(r"(\w[\w.-]*|\[[\da-fA-F:.]+\])(:\d{1,5})?")
_SCHEMES = ("https", "ssh", "file")
_TAKEN = "Give https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH"


@dataclass(frozen=True)
class GitURL:
    """Where a repository is. `given` is for git only: it may hold a password or a token."""

    given: str
    shown: str
    """The same without what is secret in it: how the repository is called, whoever fetches it"""
    secrets: tuple[str, ...] = ()
    """What must not be told to anybody"""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `RepositoryError` for what is no address, or one that git would run a program for."""
        if not text.isprintable() or text.startswith("-"):
            raise _refused(text, "it is no address")
        if _SHORT.fullmatch(text):
            return cls(text, text.rstrip("/"))
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in _SCHEMES:
            raise _refused(text, "only https, ssh and file are fetched from")
        if scheme.lower() == "file":
            if not rest.startswith("/"):
                raise _refused(text, "the path of a file:// address begins with /")
            return cls(text, f"file://{rest.rstrip('/') or '/'}")
        return cls(text, *_without_secrets(text))

    @property
    def name(self) -> str:
        """The repository's own name, fit for a folder."""
        last = re.split(r"[/:]", self.shown)[-1].removesuffix(".git")
        return re.sub(r"[^\w.-]", "-", last).lstrip(".-") or "repository"

    def hidden(self, text: str) -> str:
        """A text without what is secret in the address."""
        text = text.replace(self.given, self.shown)
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def is_git_url(text: str) -> bool:
    """Whether somebody means an address, not a folder. It may be one that `GitURL.parse` refuses."""
    return "://" in text or re.match(r"\w+::", text) is not None or _SHORT.fullmatch(text) is not None


def _without_secrets(text: str) -> tuple[str, tuple[str, ...]]:
    """An https or ssh address as it is shown, and what that leaves out. A token may stand in the user's place, too."""
    parts = _split(text)
    user, _, host = parts.netloc.rpartition("@")
    if not _HOST.fullmatch(host):
        raise _refused(text, "it names no host")
    if not parts.path.strip("/"):
        raise _refused(text, "it names no repository")
    if parts.query or parts.fragment:
        raise _refused(text, "it goes on after the path")
    name, _, password = user.partition(":")
    if parts.scheme == "ssh" and name:
        if not re.fullmatch(r"[\w.+][\w.+-]*", name):
            raise _refused(text, "it names no user")
        host, name = f"{name}@{host}", ""
    secrets = [secret for secret in (user, password or name) if secret and secret not in host]
    both = [spelt for secret in secrets for spelt in (secret, unquote(secret))]
    return f"{parts.scheme}://{host.lower()}{parts.path.rstrip('/')}", tuple(dict.fromkeys(both))


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise _refused(text, "it is no address") from error


def _refused(text: str, why: str) -> RepositoryError:
    """Without what may be a password: all before the last @."""
    scheme, mark, rest = text.partition("://")
    shown = f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else text
    return RepositoryError(f"{shown!r} can't be fetched: {why}", suggestion=_TAKEN)
