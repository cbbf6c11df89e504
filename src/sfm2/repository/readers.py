"""Who is shown code of a repository: everybody who may ask, or the holders of some API keys.

Which keys is written in `data_dir`, which outlives the cache: an index that is deleted and made again is for those it was
for. That it is not for everybody is noted beside the index, too: where `data_dir` was lost, nobody is shown anything until
somebody says who may be. The index itself, which is replaced when it is damaged, knows nothing of it. Whatever can't be read
is closed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from sfm2 import atomic
from sfm2.errors import RepositoryIndexError
from sfm2.repository.collection import folder_in, name_of

_RECORD, _NOTE = ".json", ".readers"
_SAY = "Say who may read it: `sfm2 index readers PLACE --key NAME`"
_log = logging.getLogger(__name__)


class IndexReaders:
    """Without a `data_dir`, repositories that are not for everybody are for nobody.

    Reads the files each time: what one process writes counts at once in all.
    """

    def __init__(self, cache_dir: Path, data_dir: Path | None) -> None:
        self._notes = folder_in(cache_dir)
        self._records = None if data_dir is None else data_dir / "readers"

    def of(self, root: Path) -> frozenset[str] | None:
        """The ids of the keys that may read the repository in a folder, and those around it; None: everybody. Raises
        `RepositoryIndexError`.
        """
        root, closed = root.resolve(), self._closed()
        names = (name_of(one) for one in (root, *root.parents))
        readers = [self._keys(name) for name in names if name in closed]
        return frozenset.intersection(*readers) if readers else None

    def let(self, root: Path, keys: Collection[str] | None) -> None:
        """From now on only these keys may read it; None: everybody. Raises `RepositoryIndexError`.

        Killed in between, it is for fewer than before and after.
        """
        root = root.resolve()
        name = name_of(root)
        note, record = self._notes / f"{name}{_NOTE}", (self._records or self._notes) / f"{name}{_RECORD}"
        try:
            if keys is None:
                record.unlink(missing_ok=True)
                note.unlink(missing_ok=True)
                return
            for file in (note, record):
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            note.write_text(f"{root}\n", encoding="utf-8", errors="surrogateescape")
            atomic.write_json(record, {"folder": str(root), "keys": sorted(keys)})
        except OSError as error:
            raise RepositoryIndexError(
                f"Who may read {root} can't be written to {error.filename}: {error.strerror}",
                suggestion="Set storage.data_dir and storage.cache_dir to folders that can be written to",
            ) from error

    def closed_to(self, key: str | None) -> ClosedFolders:
        """What the holder of a key may not read, or who has none. Raises `RepositoryIndexError` if that can't be told."""
        return ClosedFolders(name for name in self._closed() if key is None or key not in self._keys(name))

    def _closed(self) -> set[str]:
        """The names of the folders that are not for everybody."""
        return {*_names(self._notes, _NOTE), *(_names(self._records, _RECORD) if self._records else ())}

    def _keys(self, name: str) -> frozenset[str]:
        if self._records is None:
            return frozenset()
        file = self._records / f"{name}{_RECORD}"
        try:
            return frozenset(map(str, json.loads(file.read_bytes())["keys"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            _log.warning("%s can't be read, so nobody is shown that repository: %s. %s", file, error, _SAY)
            return frozenset()


class ClosedFolders(frozenset[str]):
    """The names of folders that somebody may not read."""

    def has(self, root: Path) -> bool:
        """Whether a repository's folder is one of them, or inside of one."""
        return bool(self) and any(name_of(one) in self for one in (root, *root.parents))

    def has_within(self, root: Path, path: str) -> bool:
        """Whether a file is in one of them that is inside `root`; `path` is relative to that."""
        return bool(self) and any(name_of(root / folder) in self for folder in list(PurePosixPath(path).parents)[:-1])


def _names(folder: Path, suffix: str) -> Iterator[str]:
    try:
        files = list(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise RepositoryIndexError(
            f"Who may read which repository can't be told: {folder}: {error.strerror}",
            suggestion="Let the user that runs this read the folder",
        ) from error
    yield from (file.name.removesuffix(suffix) for file in files if file.suffix == suffix and file.name[0] != ".")
