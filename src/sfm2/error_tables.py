"""What belongs to classes of errors: hints, exit codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sfm2.errors import SFM2Error

T = TypeVar("T")


def for_class(error: SFM2Error, table: Mapping[type[SFM2Error], T], default: T) -> T:
    """The entry of the error's nearest class that has one."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), default)
