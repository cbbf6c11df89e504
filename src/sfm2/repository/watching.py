"""Keeps an index up to date while files are saved, in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sfm2.errors import MissingExtraError, RepositoryError
from sfm2.repository.contents import Update
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.storage import UpdateStoppedError

_PAUSE = 30  # milliseconds without a change after which what has changed is taken in
_AT_MOST = 1_000  # milliseconds that changes are collected
_OF_GIT = ("HEAD", "index")  # what git writes last when it changes many files
_log = logging.getLogger(__name__)


class IndexWatcher:
    """Updates an index whenever files below its root change, from `start` to `stop`.

    A folder that is gone, or that the system watches no more, ends it with a line in the log; `is_running` tells.
    """

    def __init__(self, index: RepositoryIndex, updated: Callable[[Update], None] = lambda _: None) -> None:
        """`updated` is called after each update that changed something, in the watcher's thread."""
        self._index = index
        self._updated = updated
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-watcher", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> Self:
        """Watch, and take in what has changed before. Raises `MissingExtraError` without watchfiles."""
        try:
            import watchfiles  # noqa: F401
        except ModuleNotFoundError as error:
            raise MissingExtraError("watching a repository", "index") from error
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it, and the update that is under way: what of it is written by then is sound."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *raised: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        from watchfiles import watch

        root = self._index.root
        try:
            changes = watch(
                root, watch_filter=None, debounce=_AT_MOST, step=_PAUSE, stop_event=self._stop, rust_timeout=500,
                yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=True,
            )  # fmt: skip
            for number, change in enumerate(changes):
                if number == 0:  # only by now it watches: what was changed before is found by looking
                    self._update(None)
                elif change:
                    self._update(changed_paths(root, (path for _, path in change)))
                elif not root.is_dir():
                    break
            if not self._stop.is_set():
                _log.warning("%s is gone, and is watched no more", root)
        except (OSError, RepositoryError, MissingExtraError, RuntimeError) as error:  # watchfiles raises RuntimeErrors
            _log.warning("%s is watched no more, so its index stays as it is: %s", root, error)

    def _update(self, paths: list[str] | None) -> None:
        if paths == []:
            return
        try:
            update = self._index.update(paths, self._stop.is_set)
        except UpdateStoppedError:
            return
        if update.added or update.changed or update.removed:
            self._updated(update)


def changed_paths(root: Path, changed: Iterable[str]) -> list[str] | None:
    """What an update is to look at; None: everything, as after a branch switch or when what is ignored has changed."""
    found: list[str] = []
    for path in changed:
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        folder, _, name = relative.rpartition("/")
        if folder == ".git" and name in _OF_GIT:
            return None
        if name == ".gitignore" or relative == ".":
            return None
        if not relative.startswith((".git/", "../")) and relative != ".git":
            found.append(relative)
    return sorted(set(found))
