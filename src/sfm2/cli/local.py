"""Answers from models in this process."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Self

from sfm2.cli.first_use import configured, ensure_weights, needs_weights
from sfm2.config import Settings
from sfm2.core import ModelManager
from sfm2.errors import MissingExtraError, WeightsError
from sfm2.types import (
    BackendStatus,
    Chunk,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
)


class Local:
    """A `ModelManager`, as an `Answerer`."""

    place = "in this process"

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager
        self.submit = manager.submit
        self.health = manager.health

    @classmethod
    @contextmanager
    def loaded(cls, settings: Settings, use_fallback: bool = True) -> Iterator[Self]:
        """Raises `MissingExtraError` or `WeightsError` when no backend could answer."""
        prepare(settings, use_fallback)
        with ModelManager(settings) as manager:
            yield cls(manager)

    def explain(self, request: ExplainRequest) -> Explanation:
        return self._manager.submit(request)

    def stream(self, request: GenerateRequest) -> Generator[Chunk | Completion, None, None]:
        return self._manager.stream(request)

    def activity(self) -> str:
        health = self._manager.health()
        loading = [name for name, status in health.model_status.items() if status is BackendStatus.LOADING]
        return f"{loading[0]}: {health.model_details.get(loading[0], 'loading')}" if loading else "generating"


def prepare(settings: Settings, use_fallback: bool) -> None:
    """See that SFM-2's engine and weights are here, if it is their turn; an error only if nobody else can answer."""
    if not needs_weights(settings):
        return
    try:
        _check_engine()
        ensure_weights(settings)
    except (MissingExtraError, WeightsError):
        if not (use_fallback and _others_configured(settings)):
            raise


def _others_configured(settings: Settings) -> bool:
    return any(name != "sfm2" for name in configured(settings))


def _check_engine() -> None:
    if importlib.util.find_spec("openvino_genai") is None:
        error = MissingExtraError("running the model without a server", "engine")
        error.suggestion += "; or use a server: `sfm2 serve` starts one, SFM2_API_URL says where one is"
        raise error
