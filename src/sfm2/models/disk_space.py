"""Disk space for weights: checked before a download, and explained when it runs out during one."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfm2.errors import WeightsError
from sfm2.models.catalogue import CatalogueEntry

_HEADROOM = 1.2  # a part is on the disk twice while it is appended
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check(entry: CatalogueEntry, work: Path) -> None:
    """Raise WeightsError when the disk of the folder `work` has too little space for the rest of the download."""
    if shutil.disk_usage(work).free < _needed(entry, work):
        raise _disk_full(entry, work)


@contextmanager
def explained(entry: CatalogueEntry, work: Path) -> Iterator[None]:
    """Turn an OSError of the block into a WeightsError; for a full disk it says how many bytes are missing."""
    try:
        yield
    except OSError as error:
        raise disk_error(entry, work, error) from error


def disk_error(entry: CatalogueEntry, folder: Path, error: OSError) -> WeightsError:
    """The WeightsError for an OSError met while storing `entry` in `folder`."""
    if error.errno in _DISK_FULL:
        return _disk_full(entry, folder)
    return WeightsError(
        f"cannot store {entry.name} in {folder}: {error.strerror or error}",
        suggestion="Set storage.cache_dir to a folder that you can write to",
    )


def folder_bytes(folder: Path) -> int:
    """The total size of the files in `folder` and below, in bytes; 0 when it does not exist."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _needed(entry: CatalogueEntry, work: Path) -> int:
    return max(0, int(entry.bytes * _HEADROOM) - folder_bytes(work))


def _disk_full(entry: CatalogueEntry, work: Path) -> WeightsError:
    needed, free = _needed(entry, work), shutil.disk_usage(_existing(work)).free
    return WeightsError(
        f"not enough disk space for {entry.name} in {work}: it needs {needed:,} bytes more, {free:,} are free",
        suggestion="Free some disk space, or set storage.cache_dir to a larger disk; what was downloaded is kept",
        details={"needed": needed, "free": free},
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
