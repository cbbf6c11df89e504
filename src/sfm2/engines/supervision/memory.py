"""Memory that the settings allow an engine, whatever it runs."""

from __future__ import annotations

from sfm2.config import Sfm2Settings
from sfm2.errors import ConfigError


def too_little(settings: Sfm2Settings, name: str, weights: int, overhead: int, window: int) -> ConfigError:
    """The error for a `max_memory` that is less than weights, engine and keys and values of one window need, in bytes."""
    limit, needed = settings.max_memory or 0, weights + overhead + window
    return ConfigError(
        f"models.sfm2.max_memory is {limit / 1e9:.2f} GB; {name} needs {needed / 1e9:.2f} GB: weights "
        f"{weights / 1e9:.2f}, engine {overhead / 1e9:.2f}, a window of {settings.context:,} tokens {window / 1e9:.2f}",
        suggestion=f'Set models.sfm2.max_memory to at least "{-(-needed // 10**8) / 10:g}GB", '
        "or models.sfm2.context to a smaller window",
    )
