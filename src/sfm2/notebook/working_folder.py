"""The repository of the working directory: it is indexed, and cells are completed with what of its code is of use."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sfm2.errors import ConfigError
from sfm2.notebook.cell import CellPrompt
from sfm2.notebook.settings import Effective, NotebookSettings, effective
from sfm2.types import CompleteRequest, GenerateRequest

if TYPE_CHECKING:
    from sfm2.repository.local import LocalRepositories

_CELL = "cell"  # what a cell counts as: a file in the working directory
_log = logging.getLogger(__name__)


class WorkingFolder:
    """The working directory of one kernel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repositories: LocalRepositories | None = None

    def start(self) -> None:
        """Begin to index its repository, in a thread: the extension is loaded at once."""
        threading.Thread(target=self._start, name="sfm2-working-folder", daemon=True).start()

    def request(self, prompt: CellPrompt, settings: Effective) -> GenerateRequest | CompleteRequest:
        """What is asked for a cell. Raises `InvalidRequestError`.

        Its few lines would hardly tell a server which repository they belong to, so code of it is sent along, unless the
        cell is to be sent alone.
        """
        if settings.context == 0:
            return prompt.request
        try:
            folder = Path.cwd()
        except OSError:  # it is gone
            return prompt.request
        repositories = self._opened(settings)
        repositories.visit(folder)
        informed = repositories.informed(prompt.hole(settings.default_temperature), folder / _CELL)
        return informed if informed.context else prompt.request

    def stop(self) -> None:
        """Close what is open."""
        with self._lock:
            if self._repositories is not None:
                self._repositories.close()
            self._repositories = None

    def _start(self) -> None:
        try:
            self._opened(effective(NotebookSettings())).visit(Path.cwd())
        except (ConfigError, OSError) as error:  # the first cell says so
            _log.info("the working directory is not looked at: %s", error)

    def _opened(self, settings: Effective) -> LocalRepositories:
        from sfm2.repository.local import LocalRepositories

        with self._lock:
            if self._repositories is None:
                self._repositories = LocalRepositories(settings.configured, sends=True)
            return self._repositories
