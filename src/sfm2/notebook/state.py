"""What the extension remembers between two cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfm2.notebook.settings import NotebookSettings


@dataclass
class NotebookState:
    """The state of one shell."""

    settings: NotebookSettings = field(default_factory=NotebookSettings)
    """What `%sfm2 config` has set"""
    last_id: str | None = None
    """The id of the last completion, for `%sfm2 feedback`"""
