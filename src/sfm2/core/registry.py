"""From the names in `fallback.chain` to backends. Each class is imported only when the chain names it."""

from __future__ import annotations

from importlib import import_module

from sfm2.backends.base import Backend
from sfm2.config import BACKENDS, BackendName, Settings


def build(settings: Settings) -> list[Backend]:
    """The chain's backends, in order."""
    return [backend_class(name).from_settings(settings) for name in settings.fallback.chain]


def backend_class(name: BackendName) -> type[Backend]:
    """The class of that name."""
    module, _, attribute = BACKENDS[name].partition(":")
    found: type[Backend] = getattr(import_module(module), attribute)
    return found
