"""Names of languages and models as people type them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from sfm2 import languages
from sfm2.config import Settings
from sfm2.errors import InvalidRequestError, WeightsError
from sfm2.models.catalogue import load_catalogue
from sfm2.validation import did_you_mean


@dataclass(frozen=True)
class ChosenModel:
    """What `--model` names: weights, or a backend by its name or its model's."""

    name: str
    catalogued: bool = False
    """Whether the catalogue has weights of this name"""
    path: Path | None = None
    """A file of weights, or a folder with one"""

    @property
    def loadable(self) -> bool:
        """Whether an engine of ours can run it."""
        return self.catalogued or self.path is not None

    def within(self, settings: Settings) -> Settings:
        """`settings` with these weights, if it names some, in an engine of our own."""
        if not self.loadable:
            return settings
        changes = {"path": self.path, "url": None} | ({"model": self.name} if self.catalogued else {})
        sfm2 = settings.models.sfm2.model_copy(update=changes)
        return settings.model_copy(update={"models": settings.models.model_copy(update={"sfm2": sfm2})})


def model_of(name: str) -> ChosenModel:
    """A name of the catalogue, else a file or folder, else the name of a backend or its model."""
    try:
        return ChosenModel(load_catalogue().entry(name).name, catalogued=True)
    except WeightsError:
        path = Path(name).expanduser()
        is_file = path.suffix == ".gguf" or path.exists()
        return ChosenModel(path.stem, path=path) if is_file else ChosenModel(name)


def no_such_model(name: str, known: Iterable[str]) -> InvalidRequestError:
    """The error for a name that is neither one of `known` nor in the catalogue."""
    known = list(known)
    return InvalidRequestError(
        f"there is no model {name!r}{did_you_mean(name, [*known, *load_catalogue().names], 0.4)}",
        suggestion=f"Name one of {', '.join(known)}, weights of `sfm2 models list`, or a GGUF file",
    )


def language_of(name: str) -> str:
    """A language by its name, an editor's name for it, or the suffix of its files, in any case; a click type.

    Raises `click.BadParameter` for an unknown one.
    """
    found = languages.of_editor_id(name) or languages.of_path(f"code.{name.lstrip('.').lower()}")
    if found is None:
        typed = [each for facts in languages.table().values() for each in (facts.name, *facts.editor_ids)]
        known = did_you_mean(name.lower(), typed, 0.6) or f"; known are {', '.join(languages.table())}"
        raise click.BadParameter(f"{name!r} is not a known language{known}")
    return str(found)
