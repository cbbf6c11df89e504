"""What belongs to classes of errors: hints, exit codes; and the class of each code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sfm2.errors import ServerError, SFM2Error

T = TypeVar("T")


def for_class(error: SFM2Error, table: Mapping[type[SFM2Error], T], default: T) -> T:
    """The entry of the error's nearest class that has one."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), default)


def by_code() -> dict[str, type[SFM2Error]]:
    """The class for each wire code; the class nearest the root where several share one."""
    return {cls.code: cls for cls in reversed(_tree(SFM2Error))} | {"internal_error": ServerError}


def _tree(root: type[SFM2Error]) -> list[type[SFM2Error]]:
    return [root, *(cls for child in root.__subclasses__() for cls in _tree(child))]
