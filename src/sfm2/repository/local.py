"""What a client does about the repositories that its user works in: it has them indexed, and shows them to a server that
can't read them itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from sfm2 import languages
from sfm2.config import Settings, is_loopback
from sfm2.errors import SFM2Error
from sfm2.prompts import CHARACTERS_PER_TOKEN, without_secrets
from sfm2.repository import unattended
from sfm2.repository.collection import IndexCollection
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.repository.workspace import unindexed
from sfm2.requests import build
from sfm2.types import CompleteRequest, Snippet

_ANY = ("0.0.0.0", "::")  # noqa: S104 - as an address to ask it is this machine
_log = logging.getLogger(__name__)


class LocalRepositories:
    """The repositories on this machine, for a client. `sends`: it shows them to whoever answers, who can't find them.
    `watches`: it stays, and keeps up with what is saved.

    For any number of threads.
    """

    def __init__(self, settings: Settings, *, sends: bool, watches: bool = True) -> None:
        repository = settings.repository
        wanted = repository.enabled is not False and repository.tokens > 0
        self._indexes = wanted and repository.automatic
        self._characters = repository.tokens * CHARACTERS_PER_TOKEN
        self._cache_dir = settings.storage.cache_dir
        self._memory = RepositoryMemory(self._cache_dir, watches=watches) if wanted and sends else None
        self._lock = threading.Lock()
        self._begun: set[Path] = set()

    @property
    def sends(self) -> bool:
        """Whether `informed` may add anything."""
        return self._memory is not None

    def visit(self, path: Path) -> None:
        """Somebody works on this file, or in this folder: its repository is indexed, unless an index has it.

        Returns within milliseconds. The index is made by another process; what goes wrong there is logged.
        """
        if not self._indexes:
            return
        try:
            root = unindexed(path, IndexCollection(self._cache_dir))
        except (OSError, ValueError) as error:
            _log.info("%s is not indexed: %s", path, error)
            return
        with self._lock:
            if root is None or root in self._begun:
                return
            self._begun.add(root)
        unattended.begin(self._cache_dir, root)

    def informed(
        self, request: CompleteRequest, path: Path, hides: Callable[[Path], bool] = lambda _: False
    ) -> CompleteRequest:
        """The request with what of its repository is of use, if that is to be sent. Takes milliseconds.

        `path`: of the request's file. Files that `hides` names are not shown, and secrets are masked. An index that
        fails is left out.
        """
        if self._memory is None or request.context:
            return request
        try:
            path = path.resolve()
            language = request.language or languages.of_path(path.name)
            found = self._memory.shown(Query(request.prefix, request.suffix, language, str(path)), self._characters)
            root = self._memory.root_of(path)
            passages = [one.passage for one in found if not hides((root or Path()) / one.passage.path)]
            context = [build(Snippet, {"text": without_secrets(one.text), "path": one.path}) for one in passages]
        except (SFM2Error, OSError, RuntimeError, ValueError) as error:  # a circle of links, a NUL
            _log.warning("no code of the repository is sent: %s", error)
            return request
        return request.model_copy(update={"context": context})

    def close(self) -> None:
        """Close what is open."""
        if self._memory is not None:
            self._memory.close()


def is_elsewhere(url: str | None) -> bool:
    """Whether the server at `url` is on another machine: it can't read the indexes of this one. None: this process."""
    host = urlsplit(url or "").hostname
    return host is not None and host not in _ANY and not is_loopback(host)
