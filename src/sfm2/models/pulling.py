"""Getting weights: mirror by mirror, until the digest is right. Only then the file gets its final name.

Beside `weights/NAME.gguf` lie `NAME.lock` (one pull at a time) and, while a pull is unfinished, `NAME.partial/` with a
folder for each mirror. A killed pull leaves the latter; the next one goes on from it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models import mirrors, room
from sfm2.models.catalogue import CatalogueEntry, FileMirror, HubMirror, IndexMirror
from sfm2.models.digest import DigestMemory, sha256_of
from sfm2.models.mirrors.failure import MirrorError
from sfm2.models.progress import Progress

_POLL = 0.2  # seconds between two tries for the lock

AnyMirror = HubMirror | IndexMirror | FileMirror


@dataclass(frozen=True)
class Shelf:
    """Where the weights of one entry lie."""

    folder: Path
    entry: CatalogueEntry

    @property
    def file(self) -> Path:
        return self.folder / f"{self.entry.name}.gguf"

    @property
    def partial(self) -> Path:
        return self.folder / f"{self.entry.name}.partial"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.entry.name}.lock"

    @property
    def is_filled(self) -> bool:
        """Whether a file of the right size is there."""
        return self.file.is_file() and self.file.stat().st_size == self.entry.bytes


def pull(shelf: Shelf, sources: Sequence[AnyMirror], memory: DigestMemory, progress: Progress) -> Path:
    """The final path. Raises `WeightsError` when no mirror helped (with each one's reason), or the disk is full."""
    try:
        shelf.folder.mkdir(parents=True, exist_ok=True)
        with locked(shelf, progress):
            if not (shelf.is_filled and memory.digest(shelf.file, progress) == shelf.entry.sha256):
                _fill(shelf, sources, progress)
                memory.remember(shelf.file, shelf.entry.sha256)
    except OSError as error:
        raise room.disk_error(shelf.entry, shelf.folder, error) from error
    return shelf.file


@contextmanager
def locked(shelf: Shelf, progress: Progress | None) -> Iterator[None]:
    """One process at a time. Without `progress` nobody waits: `WeightsError` when another process is at it."""
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise MissingExtraError("the store of weights", "engine") from error
    lock = FileLock(shelf.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        if progress is None:
            raise WeightsError(f"another process is pulling {shelf.entry.name}", suggestion="Wait for it") from error
        progress(f"waiting for another process that pulls {shelf.entry.name}", 0, 0)
        lock.acquire(poll_interval=_POLL)
    try:
        yield
    finally:
        lock.release()


def _fill(shelf: Shelf, sources: Sequence[AnyMirror], progress: Progress) -> None:
    failures: list[str] = []
    for source in sources:
        progress(f"{shelf.entry.name} from {source.title}", 0, 0)
        try:
            _place(shelf, _fetch(shelf, source, progress))
        except MirrorError as error:
            failures.append(f"{source.title}: {error}")
            progress(f"failed: {error}", 0, 0)
        else:
            return
    raise WeightsError(
        f"could not pull {shelf.entry.name}. " + "; ".join(failures),
        suggestion=f"Check the network, or give the file: sfm2 models pull {shelf.entry.name} --from FILE",
    )


def _fetch(shelf: Shelf, source: AnyMirror, progress: Progress) -> Path:
    """A file of the right digest. A wrong one is removed with everything it was made of."""
    work = shelf.partial / source.kind
    work.mkdir(parents=True, exist_ok=True)
    if not isinstance(source, FileMirror):  # a link needs no room
        room.check(shelf.entry, work)
    with room.explained(shelf.entry, work):
        candidate = mirrors.fetch(source, shelf.entry, work, progress)
    found = sha256_of(candidate, progress)
    if found != shelf.entry.sha256:
        size = candidate.stat().st_size
        shutil.rmtree(work)
        raise MirrorError(
            f"wrong contents: {size:,} bytes with the SHA-256 {found}, "
            f"expected {shelf.entry.bytes:,} with {shelf.entry.sha256}"
        )
    return candidate


def _place(shelf: Shelf, candidate: Path) -> None:
    candidate.replace(shelf.file)
    folder = os.open(shelf.folder, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    shutil.rmtree(shelf.partial, ignore_errors=True)
