"""That there are keys, remembered apart from the store: a server that has lost its store must not let everybody in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sfm2 import atomic
from sfm2.config import StorageSettings
from sfm2.config.store_url import store_place


class KeyMemory:
    """A small file in `storage.state_dir`, one for each store. It is there once there has been a key, and stays.

    `others` are the files of stores that were used before: where they had keys, a new store without any is a loss, too.
    """

    def __init__(self, file: Path, place: dict[str, str], others: Sequence[Path] = ()) -> None:
        self.file = file
        self._place = place
        self._others = others

    @classmethod
    def of(cls, storage: StorageSettings) -> KeyMemory:
        """The memory that belongs to the store of these settings."""
        folder = str(storage.data_dir.resolve())
        in_folder = _file(storage.state_dir, folder)
        if storage.url is None:
            return cls(in_folder, {"data_dir": folder})
        place = store_place(storage.url)
        return cls(_file(storage.state_dir, place), {"url": place}, [in_folder])

    def remembered(self) -> bool:
        """Whether there have been keys. False where that can't be read: then it could not be written either."""
        return any(_is_file(path) for path in (self.file, *self._others))

    def remember(self) -> None:
        """Remember that there are keys; again is harmless. Raises OSError."""
        if _is_file(self.file):
            return
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic.write_json(self.file, {**self._place, "since": datetime.now(UTC).isoformat()})


def _file(folder: Path, place: str) -> Path:
    name = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folder / f"keys-{name}.json"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
