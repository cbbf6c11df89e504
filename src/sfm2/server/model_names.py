"""The names that a request may give as `model`: the weights, with or without an adapter."""

from __future__ import annotations

from pathlib import Path

from sfm2.config import Settings
from sfm2.errors import NotFoundError
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.models.catalogue import load_catalogue

DEFAULT = "sfm2"
_DEFAULT_ALIASES = ("", "default")


class ModelNotFoundError(NotFoundError):
    """A `model` that does not exist here."""


class ModelNames:
    """`sfm2`, or the name of the weights, is whatever the chain answers with; `sfm2:ADAPTER` names an adapter."""

    def __init__(self, settings: Settings) -> None:
        self._weights = _weights(settings)
        self._adapters = AdapterStore(settings.storage.data_dir)
        self._base = next((one.sha256 for one in load_catalogue() if one.name == self._weights), None)

    def all(self) -> list[str]:
        """All names, the default first. Adapters are listed unless they are known to be for other weights."""
        fitting = [one.name for one in self._adapters.list() if self._base in (None, one.base)]
        return [DEFAULT, self._weights, *(f"{DEFAULT}:{name}" for name in (*fitting, NONE))]

    def find(self, name: str | None) -> str:
        """The listed form of `name`; None is the default. Raises `ModelNotFoundError`."""
        wanted = (name or "").strip().lower()
        if wanted in (DEFAULT, *_DEFAULT_ALIASES):
            return DEFAULT
        names = self.all()
        for one in names:
            if one.lower() == wanted:
                return one
        raise ModelNotFoundError(
            f"The model {name!r} does not exist; available are {', '.join(names)}",
            suggestion="Send one of these as `model`, or leave it out for the first",
        )


def adapter_of(name: str) -> str | None:
    """The adapter that a listed name stands for; None: whichever is in use."""
    return name.partition(":")[2] or None


def _weights(settings: Settings) -> str:
    configured = settings.models.sfm2
    return Path(configured.path).stem if configured.path else configured.model
