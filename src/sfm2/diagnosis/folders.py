"""The folders that SFM-2 writes to: whether it can, and how much room is left."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sfm2.diagnosis.finding import Finding, ok, problem, warning

NAME = "disk"
_TRIED = 64 * 1024  # bytes that are written to see whether that works
_LITTLE = 200_000_000  # bytes; with less, logs and counters will not go on for long


@dataclass(frozen=True)
class Folder:
    """A folder of the settings, and what became of a small file there."""

    setting: str
    path: Path
    free: int
    """Bytes"""
    error: str = ""
    """Why nothing can be written; empty: it can"""
    needed: int = 0
    """Bytes that are still to be written"""


def look_at(setting: str, path: Path, needed: int = 0) -> Folder:
    """Write a small file there, or where it would be made. It is removed at once."""
    existing = next(one for one in (path, *path.absolute().parents) if _exists(one))
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(bytes(_TRIED))
            file.flush()  # to the end or to an error: a disk that gets full takes the first part of a write
        error = ""
    except OSError as failed:
        error = failed.strerror or str(failed)
    return Folder(setting, path, shutil.disk_usage(existing).free, error, needed)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # below a folder that may not be entered
        return False


def check_folders(folders: Sequence[Folder]) -> list[Finding]:
    """A finding for each that something is wrong with, else one for all."""
    wrong = [finding for folder in folders if (finding := _wrong(folder))]
    if wrong:
        return wrong
    shown = ", ".join(f"{one.setting.removeprefix('storage.')} {one.path}" for one in folders)
    return [ok(NAME, f"{shown}; {min(one.free for one in folders) / 1e9:.1f} GB are free")]


def _wrong(folder: Folder) -> Finding | None:
    elsewhere = f"set {folder.setting} to another folder"
    if folder.error:
        found = f"{folder.setting}: {folder.path} can't be written: {folder.error}"
        advice = f"Let this user write there, free some space, or {elsewhere}"
        # Weights may be read from a disk that nobody writes to.
        only_read = folder.setting == "storage.cache_dir" and not folder.needed
        return warning(NAME, found, advice) if only_read else problem(NAME, found, advice)
    if folder.free < folder.needed:
        found = (
            f"{folder.setting}: {folder.path} has {folder.free / 1e9:.1f} GB free; the weights and their conversion "
            f"need about {folder.needed / 1e9:.1f} GB"
        )
        return problem(NAME, found, f"Free some space, or {elsewhere}")
    if folder.free < _LITTLE:
        found = f"{folder.setting}: {folder.path} has {folder.free / 1e6:.0f} MB free"
        return warning(NAME, found, f"Free some space, or {elsewhere}")
    return None
