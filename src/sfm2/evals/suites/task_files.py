"""The files of public benchmarks: JSON Lines with a task per line, gzipped or not, given by the user or downloaded."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import platformdirs

from sfm2.atomic import replacing_file
from sfm2.errors import APIConnectionError, InvalidRequestError

T = TypeVar("T")
Task = dict[str, Any]

_PATIENCE = httpx.Timeout(30, connect=10)  # seconds
_LARGEST = 100_000_000  # bytes of a file, unpacked


class Published(NamedTuple):
    """A file that its authors publish."""

    name: str
    url: str
    sha256: str
    """The digest that the file must have."""


def tasks(path: Path, fields: Sequence[str]) -> list[Task]:
    """The tasks in the file `path`. Raises InvalidRequestError when it can't be read or a task lacks one of `fields`."""
    try:
        lines = _unpacked(path).split(b"\n")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidRequestError(f"{path}: cannot be read: {error}", suggestion="Name a file of tasks") from error
    found = [_task(f"{path}, line {number}", line, fields) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InvalidRequestError(f"{path}: no tasks in it", suggestion="Name a file of tasks")
    return found


def find(data: Path, pattern: str) -> Path:
    """`data` itself if it is a file, else the first file in it, or in a folder directly below, that matches `pattern`.

    Raises InvalidRequestError when there is none.
    """
    if data.is_file():
        return data
    found = sorted([*data.glob(pattern), *data.glob(f"*/{pattern}")])
    if not found:
        raise InvalidRequestError(
            f"{data}: no file {pattern} in it", suggestion="Name the file, or the folder that contains it, as --data"
        )
    return found[0]


def fetched(file: Published, folder: Path | None = None) -> Path:
    """The path of the file in `folder` (by default the user's cache), downloaded if it is missing or has another digest.

    Raises APIConnectionError when the download fails or its digest is wrong, OSError when it can't be written.
    """
    path = (folder or platformdirs.user_cache_path("sfm2") / "evals") / file.name
    if not path.is_file() or _digest(path.read_bytes()) != file.sha256:
        content = _download(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(path) as partial:
            partial.write_bytes(content)
    return path


def spread(found: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of the tasks (all, if None), evenly spaced; always the same ones."""
    if limit is None or limit >= len(found):
        return list(found)
    return [found[index * len(found) // limit] for index in range(limit)]


def _task(place: str, line: bytes, fields: Sequence[str]) -> Task:
    try:
        task = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError(f"{place}: not JSON: {error}", suggestion="Name a file of tasks") from error
    missing = [field for field in fields if not isinstance(task, dict) or field not in task]
    if missing:
        raise InvalidRequestError(
            f"{place}: the task has no {', '.join(missing)}", suggestion="Is it the file of another suite?"
        )
    return dict(task)


def _download(file: Published) -> bytes:
    advice = f"Download {file.url} yourself, and name the file as --data"
    try:
        response = httpx.get(file.url, timeout=_PATIENCE, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        raise APIConnectionError(
            f"cannot download {file.name}: {error or type(error).__name__}", suggestion=advice
        ) from error
    if (found := _digest(response.content)) != file.sha256:
        message = f"{file.url} is not the expected file: its SHA-256 is {found}, expected {file.sha256}"
        raise APIConnectionError(message, suggestion=advice)
    return response.content


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"more than {_LARGEST:,} bytes")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
