"""The weights on this machine: `weights/NAME.gguf` in the cache folder, for each pulled entry of the catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import WeightsError
from sfm2.models import disk_space, gguf_file, pulling
from sfm2.models.catalogue import Catalogue, CatalogueEntry, FileMirror, load_catalogue
from sfm2.models.digest import DigestCache, sha256_of
from sfm2.models.progress import Progress, silent
from sfm2.models.pulling import WeightsPaths


@dataclass(frozen=True)
class StoredModel:
    """An entry of the catalogue, and how much of it is on this machine."""

    entry: CatalogueEntry
    path: Path
    """Where the weights are, or would be."""
    installed: bool
    """Whether the file is there and has the right size."""
    partial_bytes: int
    """What an unfinished pull has fetched, in bytes."""

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    @property
    def bytes(self) -> int:
        """The size of the complete file."""
        return self.entry.bytes


@dataclass(frozen=True)
class Verification:
    """The result of comparing a file's digest with the catalogue's."""

    name: str
    """The name of the entry."""
    path: Path
    expected: str
    """The catalogue's SHA-256, in lower-case hexadecimal."""
    found: str
    """The file's."""

    @property
    def ok(self) -> bool:
        """Whether the file is the one in the catalogue."""
        return self.found == self.expected


class ModelStore:
    """The weights in `cache_dir` (`settings.storage.cache_dir`). Nothing is created there before the first pull."""

    def __init__(self, cache_dir: Path, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or load_catalogue()
        self.digests = DigestCache(cache_dir / "digests")
        self._cache_dir = cache_dir
        self._folder = cache_dir / "weights"

    def list(self) -> list[StoredModel]:
        """Every entry of the catalogue, in its order, installed or not."""
        return [self._stored(entry) for entry in self.catalogue]

    def is_installed(self, name: str) -> bool:
        """Whether the weights are there, with the right size. Raises WeightsError for an unknown name."""
        return self._paths(name).is_complete

    def path(self, name: str) -> Path:
        """The file of the weights. Raises WeightsError when it is missing or has another size than it should."""
        paths = self._paths(name)
        if not paths.file.is_file():
            raise WeightsError(
                f"the weights of {name} are not installed ({paths.entry.bytes:,} bytes)", suggestion=_pull(name)
            )
        if not paths.is_complete:
            damaged = gguf_file.truncated(paths.file, paths.entry.bytes, paths.file.stat().st_size)
            raise WeightsError(damaged.message, suggestion=_pull(name))
        return paths.file

    def pull(self, name: str, progress: Progress = silent, source: Path | None = None) -> Path:
        """Fetch the weights if they are missing, verify them and return their path.

        They come from the file `source` if it is given, else from the mirrors of the catalogue. Raises WeightsError when
        none of these has them, or the disk is full; the next pull resumes from what was fetched.
        """
        paths = self._paths(name)
        sources = paths.entry.mirrors if source is None else (FileMirror(path=source),)
        return pulling.pull(paths, sources, self.digests, progress)

    def verify(self, name: str, progress: Progress = silent) -> Verification:
        """Compute the digest of the weights from every byte. Raises WeightsError when they are not installed."""
        path, entry = self.path(name), self.catalogue.entry(name)
        found = sha256_of(path, progress, f"verifying {name}")
        if found == entry.sha256:
            self.digests.put(path, found)
        else:
            self.digests.discard(path)
        return Verification(name, path, entry.sha256, found)

    def remove(self, name: str) -> int:
        """Delete the weights, what an unfinished pull left, and what engines converted them to. Returns the bytes freed.

        Raises WeightsError when there is nothing to delete, or another process is pulling these weights.
        """
        paths = self._paths(name)
        folders = [folder for folder in (paths.partial, *self._derived(paths.entry)) if folder.exists()]
        if not paths.file.exists() and not folders:
            raise WeightsError(
                f"the weights of {name} are not installed", suggestion="`sfm2 models list` shows which are"
            )
        with pulling.locked(paths, progress=None):
            freed = paths.file.stat().st_size if paths.file.exists() else 0
            self.digests.discard(paths.file)
            paths.file.unlink(missing_ok=True)
            for folder in folders:
                freed += disk_space.folder_bytes(folder)
                shutil.rmtree(folder, ignore_errors=True)
        return freed

    def _derived(self, entry: CatalogueEntry) -> Iterator[Path]:
        """The folders of converted weights, which engines name after the beginning of the digest."""
        prefix = converted(self._cache_dir, entry.sha256)
        return prefix.parent.glob(f"{prefix.name}-*")

    def _stored(self, entry: CatalogueEntry) -> StoredModel:
        paths = WeightsPaths(self._folder, entry)
        return StoredModel(entry, paths.file, paths.is_complete, disk_space.folder_bytes(paths.partial))

    def _paths(self, name: str) -> WeightsPaths:
        return WeightsPaths(self._folder, self.catalogue.entry(name))


def converted(cache_dir: Path, sha256: str) -> Path:
    """What the paths of the folders with converted weights of this SHA-256 begin with."""
    return cache_dir / "engines" / sha256[:16]


def _pull(name: str) -> str:
    return f"sfm2 models pull {name}"
