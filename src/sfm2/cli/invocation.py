"""What one run of `sfm2` passes from the group to its commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfm2.config import Loaded, Settings, load

if TYPE_CHECKING:
    from sfm2.cli.names import ChosenModel


class Invocation(Loaded):
    """The settings, loaded when they are first read. Loading raises `ConfigError`."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.as_json = False
        """Whether errors are printed as JSON"""
        self.model: ChosenModel | None = None
        """What `--model` names"""

    def __getattr__(self, name: str) -> Any:
        # Python calls this only for attributes that are not set yet.
        if name not in ("settings", "origins", "warnings"):
            raise AttributeError(name)
        loaded = load(path=self.path)
        settings = self.model.within(loaded.settings) if self.model else loaded.settings
        super().__init__(settings, loaded.origins, loaded.warnings)
        return getattr(self, name)


def current() -> Invocation:
    """The invocation of the command that is running."""
    found = click.get_current_context().find_object(Invocation)
    assert found is not None, "the group `main` sets it"
    return found


def settings() -> Settings:
    """The settings of the command that is running, which may have been called without the group."""
    return (click.get_current_context().find_object(Loaded) or load()).settings
