"""First use without weights: an offer to pull them, where there is somebody to answer."""

from __future__ import annotations

import functools
from contextlib import ExitStack

import click

from sfm2.cli import terminal
from sfm2.cli.weights_progress import shown_progress
from sfm2.config import Settings
from sfm2.errors import WeightsError
from sfm2.models.progress import Progress


def needs_weights(settings: Settings) -> bool:
    """Whether the first in the chain that is set up is SFM-2 with an engine of its own."""
    return next(iter(configured(settings)), None) == "sfm2" and settings.models.sfm2.url is None


def configured(settings: Settings) -> list[str]:
    """The backends of the chain that are set up."""
    models = settings.models
    absent = {
        "gpt2_lora": models.gpt2_lora.lora_path is None,
        "openai": models.openai.api_key is None and models.openai.base_url is None,
    }
    return [name for name in settings.fallback.chain if not absent.get(name, False)]


def ensure_weights(settings: Settings) -> None:
    """The weights are here afterwards: pulled if the user agrees, or the settings do. Raises `WeightsError` if not."""
    from sfm2.models.store import ModelStore
    from sfm2.models.weights import ensure

    ask = functools.partial(click.confirm, default=True, err=True) if terminal.can_ask() else None
    with ExitStack() as stack:
        progress = _Progress(stack)
        ensure(settings.models.sfm2, ModelStore(settings.storage.cache_dir), ask=ask, progress=progress)


def offer_weights(settings: Settings) -> None:
    """For a server, which also runs without: it asks on a terminal, and says what a no means."""
    if not (terminal.can_ask() and needs_weights(settings)):
        return
    try:
        ensure_weights(settings)
    except WeightsError as error:
        terminal.note(f"SFM-2 stays unavailable: {error.message}. {error.suggestion}")


class _Progress:
    """The bar appears with the first progress: before it, a question may need the terminal."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._shown: Progress | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        self._shown = self._shown or self._stack.enter_context(shown_progress())
        self._shown(phase, done, total)
