"""Clones of repositories elsewhere: one folder for each address, with its newest commit and no history."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from sfm2 import atomic
from sfm2.corpus.fetching import TIMEOUT, fetch_into, is_sound
from sfm2.corpus.git_url import GitURL
from sfm2.errors import MissingExtraError, RepositoryError

_FOLDER = "repositories"
_URL = "url"  # the file that tells where a clone is from, without credentials
_NAME = 8  # bytes of a digest


class RepositoryClones:
    """Below `cache_dir`. Only their owner may read them. All methods that change something raise `RepositoryError`."""

    def __init__(self, cache_dir: Path) -> None:
        self._folder = cache_dir.resolve() / _FOLDER

    def root(self, url: GitURL) -> Path:
        """The folder of a clone, whether there is one or not."""
        return self._place(url) / url.name

    def fetch(self, url: GitURL) -> Path:
        """The folder with the newest commit. A clone that there was stays as it was if that fails."""
        root = self.root(url)
        with self._alone(url):
            try:
                if is_sound(root):
                    fetch_into(root, url)
                else:
                    self._clone(url)
            except OSError as error:
                raise self._unusable(error) from error
        return root

    def remove(self, url: GitURL) -> None:
        """Delete a clone; without one, nothing."""
        with self._alone(url):
            shutil.rmtree(self._place(url), ignore_errors=True)
            if self._place(url).exists():
                raise RepositoryError(
                    f"The clone {self._place(url)} can't be deleted",
                    suggestion="Let the user that runs this write there",
                )

    def holds(self, root: Path) -> bool:
        """Whether a folder is one of a clone."""
        return root.is_relative_to(self._folder)

    def url_of(self, root: Path) -> GitURL | None:
        """Where a clone is from; None for another folder."""
        if not self.holds(root):
            return None
        try:
            return GitURL.parse((root.parent / _URL).read_text(encoding="utf-8").strip())
        except (OSError, ValueError, RepositoryError):
            return None

    def _clone(self, url: GitURL) -> None:
        with atomic.replacing_folder(self._place(url)) as partial:
            (partial / _URL).write_text(f"{url.shown}\n", encoding="utf-8")
            (partial / url.name).mkdir()
            fetch_into(partial / url.name, url)

    @contextmanager
    def _alone(self, url: GitURL) -> Iterator[None]:
        """Only one at a time, among all processes, changes a clone."""
        try:
            from filelock import FileLock, Timeout
        except ModuleNotFoundError as error:
            raise MissingExtraError("a repository's index", "index") from error
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            lock = FileLock(self._lock(url), timeout=TIMEOUT)
            lock.acquire()
        except Timeout as error:
            raise RepositoryError(
                f"{url.shown} can't be fetched: another process is at it", suggestion="Ask again when that has ended"
            ) from error
        except OSError as error:
            raise self._unusable(error) from error
        try:
            yield
        finally:
            lock.release()

    def _unusable(self, error: OSError) -> RepositoryError:
        return RepositoryError(
            f"There can't be a clone in {self._folder}: {error.strerror}",
            suggestion="Set storage.cache_dir to a folder that can be written to, with enough room",
        )

    def _place(self, url: GitURL) -> Path:
        return self._folder / blake2b(url.shown.encode(), digest_size=_NAME).hexdigest()

    def _lock(self, url: GitURL) -> Path:
        return self._place(url).with_suffix(".lock")
