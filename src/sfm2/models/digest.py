"""SHA-256 of large files, and a memory of those already computed."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from sfm2.models.progress import Progress, silent

CHUNK = 4 * 2**20  # bytes


def sha256_of(path: Path, progress: Progress = silent, phase: str = "verifying") -> str:
    """Lower-case hex. Raises `OSError`."""
    total, done = path.stat().st_size, 0
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(phase, done, total)
    return digest.hexdigest()


class DigestMemory:
    """Digests under `folder`, one small file for each path; believed while size and time of change stay the same.

    Does not notice a file whose bytes were altered behind the file system's back: `sfm2 models verify` reads them all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, path: Path, progress: Progress = silent) -> str:
        """The remembered digest, else the computed one, then remembered. Raises `OSError` when `path` can't be read."""
        return self.recall(path) or self.remember(path, sha256_of(path, progress))

    def recall(self, path: Path) -> str | None:
        try:
            note = json.loads(self._note(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or none that can be read: compute it
            return None
        sha256 = note.pop("sha256", None)
        return sha256 if note == _stamp(path) else None

    def remember(self, path: Path, sha256: str) -> str:
        with suppress(OSError):  # a full or read-only disk costs the memory, not the work
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._note(path), {**_stamp(path), "sha256": sha256})
        return sha256

    def forget(self, path: Path) -> None:
        self._note(path).unlink(missing_ok=True)

    def _note(self, path: Path) -> Path:
        return self._folder / f"{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]}.json"


def write_json(path: Path, content: object) -> None:
    """All of it or nothing."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


def _stamp(path: Path) -> dict[str, object]:
    facts = path.stat()
    return {"path": str(path.resolve()), "size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
