"""What OpenVINO's process is started with, as JSON in its environment."""

from __future__ import annotations

from sfm2.engines.serving.spec import ServingSpec, ServingTask


class EngineSpec(ServingSpec):
    """Which weights to run, and within what limits."""

    preset: str
    """A name in presets.toml."""
    cache_bytes: int
    """Memory for the keys and values of one pipeline."""


class LaunchSpec(ServingTask):
    """An engine and where it serves."""

    engine: EngineSpec
