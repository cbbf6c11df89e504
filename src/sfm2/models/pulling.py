"""Pulling weights: mirrors are tried in order until one gives a file with the right digest, which then gets its final name.

Next to `weights/NAME.gguf` there is `NAME.lock`, which admits one pull at a time, and while a pull is unfinished
`NAME.partial/`, with a folder per mirror. A killed pull leaves that folder, and the next pull resumes from it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models import disk_space, mirrors
from sfm2.models.catalogue import CatalogueEntry, FileMirror, HubMirror, IndexMirror
from sfm2.models.digest import DigestCache, sha256_of
from sfm2.models.mirrors.failures import MirrorError
from sfm2.models.progress import Progress, rising

_POLL = 0.2  # seconds between two tries for the lock

AnyMirror = HubMirror | IndexMirror | FileMirror


@dataclass(frozen=True)
class WeightsPaths:
    """The paths of a catalogue entry's weights in `folder`."""

    folder: Path
    entry: CatalogueEntry

    @property
    def file(self) -> Path:
        """The weights themselves."""
        return self.folder / f"{self.entry.name}.gguf"

    @property
    def partial(self) -> Path:
        """The folder of an unfinished pull."""
        return self.folder / f"{self.entry.name}.partial"

    @property
    def lock(self) -> Path:
        """The file that a pulling process locks."""
        return self.folder / f"{self.entry.name}.lock"

    @property
    def is_complete(self) -> bool:
        """Whether the weights are there and have the right size. Their digest is not checked."""
        return self.file.is_file() and self.file.stat().st_size == self.entry.bytes


def pull(paths: WeightsPaths, sources: Sequence[AnyMirror], digests: DigestCache, progress: Progress) -> Path:
    """Make sure that the weights are at `paths.file`, fetched from the first of `sources` that has them. Returns that path.

    Waits for another process that pulls the same weights. Raises WeightsError when every source failed, with the reason of
    each, or when the disk is full or can't be written; what was fetched is kept for the next pull.
    """
    try:
        paths.folder.mkdir(parents=True, exist_ok=True)
        with locked(paths, progress):
            if not (paths.is_complete and digests.digest(paths.file, progress) == paths.entry.sha256):
                _fill(paths, sources, progress)
                digests.put(paths.file, paths.entry.sha256)
    except OSError as error:
        raise disk_space.disk_error(paths.entry, paths.folder, error) from error
    return paths.file


@contextmanager
def locked(paths: WeightsPaths, progress: Progress | None) -> Iterator[None]:
    """Hold the lock on these weights. Waits for another process, after reporting that to `progress`.

    Raises WeightsError instead of waiting when `progress` is None.
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise MissingExtraError("the store of weights", "engine") from error
    lock = FileLock(paths.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        if progress is None:
            raise WeightsError(f"another process is pulling {paths.entry.name}", suggestion="Wait for it") from error
        progress(f"waiting for another process that is pulling {paths.entry.name}", 0, 0)
        lock.acquire(poll_interval=_POLL)
    try:
        yield
    finally:
        lock.release()


def _fill(paths: WeightsPaths, sources: Sequence[AnyMirror], progress: Progress) -> None:
    failures: list[str] = []
    for source in sources:
        progress(f"{paths.entry.name} from {source.title}", 0, 0)
        try:
            _place(paths, _fetch(paths, source, progress))
        except MirrorError as error:
            failures.append(f"{source.title}: {error}")
            progress(f"failed: {error}", 0, 0)
        else:
            return
    raise WeightsError(
        f"could not pull {paths.entry.name}. " + "; ".join(failures),
        suggestion=f"Check the network, or pull from a file: sfm2 models pull {paths.entry.name} --from FILE",
    )


def _fetch(paths: WeightsPaths, source: AnyMirror, progress: Progress) -> Path:
    """A file with the right digest. One with a wrong digest is removed, with everything it was assembled from."""
    work = paths.partial / source.kind
    work.mkdir(parents=True, exist_ok=True)
    if not isinstance(source, FileMirror):  # a hard link takes no space
        disk_space.check(paths.entry, work)
    with disk_space.explained(paths.entry, work):
        candidate = mirrors.fetch(source, paths.entry, work, rising(progress))
    found = sha256_of(candidate, progress)
    if found != paths.entry.sha256:
        size = candidate.stat().st_size
        shutil.rmtree(work)
        raise MirrorError(
            f"wrong contents: {size:,} bytes with the SHA-256 {found}, "
            f"expected {paths.entry.bytes:,} bytes with {paths.entry.sha256}"
        )
    return candidate


def _place(paths: WeightsPaths, candidate: Path) -> None:
    candidate.replace(paths.file)
    folder = os.open(paths.folder, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    shutil.rmtree(paths.partial, ignore_errors=True)
