"""What a request may write as `model`: the weights, with an adapter if it likes."""

from __future__ import annotations

from pathlib import Path

from sfm2.config import Settings
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.models.catalogue import load_catalogue
from sfm2.server.openai.errors import ModelNotFoundError

DEFAULT = "sfm2"
_ALSO_DEFAULT = ("", "default")


class Names:
    """`sfm2`, or the name of the weights, is whatever the chain answers with; `sfm2:ADAPTER` names an adapter."""

    def __init__(self, settings: Settings) -> None:
        self._weights = _weights(settings)
        self._adapters = AdapterStore(settings.storage.data_dir)
        self._base = next((one.sha256 for one in load_catalogue() if one.name == self._weights), None)

    def all(self) -> list[str]:
        """The default first. Of adapters those that these weights can have, as far as that is known."""
        fitting = [one.name for one in self._adapters.list() if self._base in (None, one.base)]
        return [DEFAULT, self._weights, *(f"{DEFAULT}:{name}" for name in (*fitting, NONE))]

    def find(self, name: str | None) -> str:
        """As it is listed. Raises `ModelNotFoundError`."""
        wanted = (name or "").strip().lower()
        if wanted in (DEFAULT, *_ALSO_DEFAULT):
            return DEFAULT
        names = self.all()
        for one in names:
            if one.lower() == wanted:
                return one
        raise ModelNotFoundError(
            f"The model {name!r} does not exist; there are {', '.join(names)}",
            suggestion="Name one of these, or none for the first",
        )


def adapter_of(name: str) -> str | None:
    """The adapter that a listed name asks for."""
    return name.partition(":")[2] or None


def _weights(settings: Settings) -> str:
    wanted = settings.models.sfm2
    return Path(wanted.path).stem if wanted.path else wanted.model
