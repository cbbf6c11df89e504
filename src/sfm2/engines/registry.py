"""Which engine the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping

from sfm2.config import Settings
from sfm2.engines.base import Engine


def engine_for(settings: Settings, environment: Mapping[str, str]) -> Engine:
    """A llama.cpp server when the settings name a URL, the parent's engine in a worker process, else a child of our own."""
    if settings.models.sfm2.url:
        from sfm2.engines.llama_cpp.engine import LlamaCppEngine

        return LlamaCppEngine(settings.models.sfm2.url, settings.generation.timeout)
    from sfm2.engines.openvino.engine import OpenVINOEngine, SharedEngine

    return SharedEngine.from_environment(settings, environment) or OpenVINOEngine(settings)
