"""Imports of what only an extra brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.errors import MissingExtraError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """`what` needs `extra`: imports within raise MissingExtraError where its packages are not there. A module of our own
    that is not there is no matter of extras, and stays what it is."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "sfm2":
            raise
        raise MissingExtraError(what, extra) from error
