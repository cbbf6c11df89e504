"""What one shell remembers between two cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfm2.notebook.settings import Settings


@dataclass
class State:
    settings: Settings = field(default_factory=Settings)
    last_id: str | None = None
    """Of the last completion, for `%sfm2 feedback`."""
