"""Whether the packages behind an extra are installed, without importing them."""

from __future__ import annotations

import importlib.util

from sfm2.backends.base import Status
from sfm2.types import BackendStatus


def missing(extra: str, *modules: str) -> Status | None:
    """What to say when one of an extra's modules is not there; None when all are."""
    absent = [name for name in modules if not _installed(name)]
    if not absent:
        return None
    return Status(BackendStatus.UNAVAILABLE, f"{', '.join(absent)} not installed: pip install 'sfm2[{extra}]'")


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
