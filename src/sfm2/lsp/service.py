"""What the language server asks: a completer, and what belongs to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sfm2.completer import AsyncCompleter
from sfm2.repository.local import LocalRepositories
from sfm2.types import Outcome


@dataclass(frozen=True)
class Service:
    """A completer that someone else opens and closes. Several editors may share it."""

    completer: AsyncCompleter
    place: str
    """Where it is, for a person: a server's address, or "this process"."""
    feedback: Callable[[str, Outcome], Awaitable[None]] | None = None
    """Reports what became of a completion, by its id; None where no one keeps count"""
    repositories: LocalRepositories | None = None
    """Those of this machine, if they are to be indexed and shown"""
