"""Room on the disk: asked for before a download, explained when it runs out."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfm2.errors import WeightsError
from sfm2.models.catalogue import CatalogueEntry

_HEADROOM = 1.2  # one piece lies on the disk twice while it is appended
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check(entry: CatalogueEntry, work: Path) -> None:
    """Raises `WeightsError` when the disk of `work` is too full for what is still to come."""
    if shutil.disk_usage(work).free < _needed(entry, work):
        raise _no_room(entry, work)


@contextmanager
def explained(entry: CatalogueEntry, work: Path) -> Iterator[None]:
    """A disk that fills up while the block writes is a `WeightsError` that says how many bytes are missing."""
    try:
        yield
    except OSError as error:
        raise disk_error(entry, work, error) from error


def disk_error(entry: CatalogueEntry, folder: Path, error: OSError) -> WeightsError:
    if error.errno in _NO_ROOM:
        return _no_room(entry, folder)
    return WeightsError(
        f"cannot store {entry.name} in {folder}: {error.strerror or error}",
        suggestion="Set storage.cache_dir to a folder that can be written",
    )


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _needed(entry: CatalogueEntry, work: Path) -> int:
    return max(0, int(entry.bytes * _HEADROOM) - folder_bytes(work))


def _no_room(entry: CatalogueEntry, work: Path) -> WeightsError:
    needed, free = _needed(entry, work), shutil.disk_usage(_existing(work)).free
    return WeightsError(
        f"not enough room for {entry.name} in {work}: it needs {needed:,} bytes more, {free:,} are free",
        suggestion="Free some disk space, or set storage.cache_dir to a larger disk; what was fetched is kept",
        details={"needed": needed, "free": free},
    )


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
