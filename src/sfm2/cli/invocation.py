"""What one call of `sfm2` carries from the group to its commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfm2.config import Loaded, load


class Invocation(Loaded):
    """The settings, read when somebody first asks for them. Reading raises `ConfigError`."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.as_json = False
        """Whether errors are for a program, too."""

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there yet.
        if name not in ("settings", "origins", "warnings"):
            raise AttributeError(name)
        loaded = load(path=self.path)
        super().__init__(loaded.settings, loaded.origins, loaded.warnings)
        return getattr(self, name)


def current() -> Invocation:
    found = click.get_current_context().find_object(Invocation)
    assert found is not None, "only the group `main` calls this command"
    return found
