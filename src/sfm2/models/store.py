"""The weights on this machine: `weights/NAME.gguf` under the cache folder, each with the catalogue's digest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import WeightsError
from sfm2.models import gguf_file, pulling, room
from sfm2.models.catalogue import Catalogue, CatalogueEntry, FileMirror, load_catalogue
from sfm2.models.digest import DigestMemory, sha256_of
from sfm2.models.progress import Progress, silent
from sfm2.models.pulling import Shelf


@dataclass(frozen=True)
class StoredModel:
    """An entry of the catalogue, and what is here of it. Sizes in bytes."""

    entry: CatalogueEntry
    path: Path
    installed: bool
    partial_bytes: int

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def bytes(self) -> int:
        return self.entry.bytes


@dataclass(frozen=True)
class Verified:
    """`found` is the SHA-256 of the file `path`."""

    name: str
    path: Path
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        return self.found == self.expected


class ModelStore:
    """`cache_dir` is `settings.storage.cache_dir`. Nothing is created before the first pull."""

    def __init__(self, cache_dir: Path, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or load_catalogue()
        self.digests = DigestMemory(cache_dir / "digests")
        self._cache_dir = cache_dir
        self._folder = cache_dir / "weights"

    def list(self) -> list[StoredModel]:
        return [self._stored(entry) for entry in self.catalogue]

    def is_installed(self, name: str) -> bool:
        return self._shelf(name).is_filled

    def path(self, name: str) -> Path:
        """Raises `WeightsError` when the weights are not here, or not whole."""
        shelf = self._shelf(name)
        if not shelf.file.is_file():
            raise WeightsError(
                f"the weights of {name} are not here yet ({shelf.entry.bytes:,} bytes)", suggestion=_pull(name)
            )
        if not shelf.is_filled:
            damaged = gguf_file.truncated(shelf.file, shelf.entry.bytes, shelf.file.stat().st_size)
            raise WeightsError(damaged.message, suggestion=_pull(name))
        return shelf.file

    def pull(self, name: str, progress: Progress = silent, source: Path | None = None) -> Path:
        """The path of the verified weights, fetched if need be: from `source` alone if given, else from the mirrors.

        Raises `WeightsError` when no mirror has them, or the disk has no room; what was fetched is gone on with next time.
        """
        shelf = self._shelf(name)
        sources = shelf.entry.mirrors if source is None else (FileMirror(path=source),)
        return pulling.pull(shelf, sources, self.digests, progress)

    def verify(self, name: str, progress: Progress = silent) -> Verified:
        """Reads every byte. Raises `WeightsError` when the weights are not here."""
        path, entry = self.path(name), self.catalogue.entry(name)
        found = sha256_of(path, progress, f"verifying {name}")
        if found == entry.sha256:
            self.digests.remember(path, found)
        else:
            self.digests.forget(path)
        return Verified(name, path, entry.sha256, found)

    def remove(self, name: str) -> int:
        """Also what an unfinished pull left, and what engines made of the weights. Returns the bytes freed.

        Raises `WeightsError` when there is nothing, or another process is pulling them.
        """
        shelf = self._shelf(name)
        folders = [folder for folder in (shelf.partial, *self._derived(shelf.entry)) if folder.exists()]
        if not shelf.file.exists() and not folders:
            raise WeightsError(f"the weights of {name} are not here", suggestion="`sfm2 models list` shows what is")
        with pulling.locked(shelf, progress=None):
            freed = shelf.file.stat().st_size if shelf.file.exists() else 0
            self.digests.forget(shelf.file)
            shelf.file.unlink(missing_ok=True)
            for folder in folders:
                freed += room.folder_bytes(folder)
                shutil.rmtree(folder, ignore_errors=True)
        return freed

    def _derived(self, entry: CatalogueEntry) -> Iterator[Path]:
        """Engines keep converted weights in folders named after the beginning of their digest."""
        return (self._cache_dir / "engines").glob(f"{entry.sha256[:16]}-*")

    def _stored(self, entry: CatalogueEntry) -> StoredModel:
        shelf = Shelf(self._folder, entry)
        return StoredModel(entry, shelf.file, shelf.is_filled, room.folder_bytes(shelf.partial))

    def _shelf(self, name: str) -> Shelf:
        return Shelf(self._folder, self.catalogue.entry(name))


def _pull(name: str) -> str:
    return f"sfm2 models pull {name}"
