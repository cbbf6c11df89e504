"""Answers from models in this process."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import click

from sfm2.cli import terminal
from sfm2.cli.weights_progress import shown_progress
from sfm2.config import Settings
from sfm2.core import ModelManager
from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models.progress import Progress
from sfm2.types import (
    BackendStatus,
    Chunk,
    Completion,
    GenerateRequest,
)


class Local:
    """A `ModelManager`, as an `Answerer`."""

    place = "in this process"

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager
        self.submit = manager.submit
        self.explain = manager.explain
        self.health = manager.health

    @classmethod
    @contextmanager
    def loaded(cls, settings: Settings, use_fallback: bool = True) -> Iterator[Self]:
        """Raises `MissingExtraError` or `WeightsError` when no backend could answer."""
        prepare(settings, use_fallback)
        with ModelManager(settings) as manager:
            yield cls(manager)

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
        _check_weights(settings)
    except (MissingExtraError, WeightsError):
        if not (use_fallback and others_configured(settings)):
            raise


def needs_weights(settings: Settings) -> bool:
    """Whether the first in the chain that is set up is SFM-2 with an engine of its own."""
    first = next(iter(_configured(settings)), None)
    return first == "sfm2" and settings.models.sfm2.url is None


def others_configured(settings: Settings) -> bool:
    return any(name != "sfm2" for name in _configured(settings))


def _configured(settings: Settings) -> list[str]:
    models = settings.models
    absent = {
        "gpt2_lora": models.gpt2_lora.lora_path is None,
        "openai": models.openai.api_key is None and models.openai.base_url is None,
    }
    return [name for name in settings.fallback.chain if not absent.get(name, False)]


def _check_engine() -> None:
    if importlib.util.find_spec("openvino_genai") is None:
        error = MissingExtraError("running the model without a server", "engine")
        error.suggestion += "; or use a server: `sfm2 serve` starts one, SFM2_API_URL says where one is"
        raise error


def _check_weights(settings: Settings) -> None:
    from sfm2.models.store import ModelStore
    from sfm2.models.weights import ensure

    ask = functools.partial(click.confirm, default=True, err=True) if terminal.can_ask() else None
    with ExitStack() as stack:
        progress = _Progress(stack)
        ensure(settings.models.sfm2, ModelStore(settings.storage.cache_dir), ask=ask, progress=progress)


class _Progress:
    """The bar appears with the first progress: before it, a question may need the terminal."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._shown: Progress | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._shown = self._shown or self._stack.enter_context(shown_progress())
        self._shown(phase, done, total)
