"""What the clients of servers have in common that we keep, and others wrote: how many requests, and which weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.config import Settings
from sfm2.engines.base import EngineFacts
from sfm2.errors import BackendError, BackendOverloadedError, WeightsError
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, resolve

_BUSY_WAIT = 1.0  # seconds that a client is asked to wait when there are as many requests as the settings allow


class RequestPlaces:
    """At most `most` requests at once: the server itself would let any number wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises `BackendOverloadedError` where all are taken."""
        if self._taken >= self._most:
            raise BackendOverloadedError(f"the engine has {self._most} requests already", retry_after=_BUSY_WAIT)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


def weights_named(settings: Settings) -> WeightsFile:
    """Those that the settings name. Raises `BackendError`."""
    try:
        return resolve(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    except WeightsError as error:
        raise BackendError(error.message) from error


def facts_named(settings: Settings) -> EngineFacts:
    """The facts about them. Raises `BackendError`."""
    weights = weights_named(settings)
    return EngineFacts(weights.name, weights.sha256, weights.entry.completion.form if weights.entry else None)
