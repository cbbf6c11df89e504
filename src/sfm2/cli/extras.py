"""Imports of packages that only an extra installs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.errors import MissingExtraError


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Turn a failing import within the block into a `MissingExtraError`: `what` needs the packages of `extra`.

    A missing module of sfm2 itself is a bug, and stays a `ModuleNotFoundError`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "sfm2":
            raise
        raise MissingExtraError(what, extra) from error
