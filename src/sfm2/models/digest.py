"""SHA-256 digests of large files, and a cache of those already computed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path

from sfm2.atomic import write_json
from sfm2.models.progress import Progress, silent

_log = logging.getLogger(__name__)

CHUNK = 4 * 2**20  # bytes


def sha256_of(path: Path, progress: Progress = silent, phase: str = "verifying") -> str:
    """The SHA-256 of the file `path` in lower-case hexadecimal. Raises OSError when it can't be read."""
    total, done = path.stat().st_size, 0
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(phase, done, total)
    return digest.hexdigest()


class DigestCache:
    """Digests cached in `folder`, one small JSON file per path, valid while size and modification time stay the same.

    Bytes that changed without a change of the modification time, such as on a failing disk, go unnoticed:
    `sfm2 models verify` reads every byte.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, path: Path, progress: Progress = silent) -> str:
        """The SHA-256 of the file `path`, computed if it is not cached. Raises OSError when `path` can't be read."""
        return self.get(path) or self.put(path, sha256_of(path, progress))

    def get(self, path: Path) -> str | None:
        """The cached digest of `path`, or None when there is none or the file has changed since."""
        try:
            cached = json.loads(self._entry(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # not cached yet, or not readable: the caller computes it
            return None
        sha256 = cached.pop("sha256", None)
        return sha256 if cached == _stamp(path) else None

    def put(self, path: Path, sha256: str) -> str:
        """Cache `sha256` as the digest of `path`, and return it. A cache that can't be written is logged, not raised."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._entry(path), {**_stamp(path), "sha256": sha256})
        except OSError as error:  # a full or read-only disk costs time at the next start, nothing else
            _log.info("cannot cache the digest of %s: %s", path, error)
        return sha256

    def discard(self, path: Path) -> None:
        """Remove the cached digest of `path`, if there is one."""
        self._entry(path).unlink(missing_ok=True)

    def _entry(self, path: Path) -> Path:
        return self._folder / f"{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]}.json"


def _stamp(path: Path) -> dict[str, object]:
    facts = path.stat()
    return {"path": str(path.resolve()), "size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
