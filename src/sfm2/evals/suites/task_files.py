"""Files of public benchmarks: JSON Lines, one task a line, packed or not; found where somebody has them, or fetched."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import platformdirs

from sfm2.errors import APIConnectionError, InvalidRequestError

T = TypeVar("T")
Task = dict[str, Any]

_PATIENCE = httpx.Timeout(30, connect=10)  # seconds
_LARGEST = 100_000_000  # bytes of a file, unpacked


class Published(NamedTuple):
    """A file at its authors'."""

    name: str
    url: str
    sha256: str


def tasks(path: Path, fields: Sequence[str]) -> list[Task]:
    """Raises InvalidRequestError for a file that is not of tasks with these fields."""
    try:
        lines = _unpacked(path).split(b"\n")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InvalidRequestError(f"{path}: cannot be read: {error}", suggestion="Name a file of tasks") from error
    found = [_task(f"{path}, line {number}", line, fields) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise InvalidRequestError(f"{path}: no tasks in it", suggestion="Name a file of tasks")
    return found


def find(data: Path, pattern: str) -> Path:
    """`data` itself if it is a file, else the first file in it, or in its folders, whose name fits."""
    if data.is_file():
        return data
    found = sorted([*data.glob(pattern), *data.glob(f"*/{pattern}")])
    if not found:
        raise InvalidRequestError(
            f"{data}: no file {pattern} there", suggestion="Name the file, or the folder that holds it, as --data"
        )
    return found[0]


def fetched(file: Published, folder: Path | None = None) -> Path:
    """From `folder` (the user's cache by default), else from the authors, verified.

    Raises APIConnectionError when they cannot be reached or send something else.
    """
    path = (folder or platformdirs.user_cache_path("sfm2") / "evals") / file.name
    if not path.is_file() or _digest(path.read_bytes()) != file.sha256:
        content = _download(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(path)
    return path


def spread(found: Sequence[T], limit: int | None) -> list[T]:
    """`limit` of them at most, evenly over all; the same ones every time."""
    if limit is None or limit >= len(found):
        return list(found)
    return [found[index * len(found) // limit] for index in range(limit)]


def _task(place: str, line: bytes, fields: Sequence[str]) -> Task:
    try:
        task = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError(f"{place}: no JSON: {error}", suggestion="Name a file of tasks") from error
    missing = [field for field in fields if not isinstance(task, dict) or field not in task]
    if missing:
        raise InvalidRequestError(
            f"{place}: the task has no {', '.join(missing)}", suggestion="Is it the file of another suite?"
        )
    return dict(task)


def _download(file: Published) -> bytes:
    advice = f"Fetch {file.url} yourself, and name it as --data"
    try:
        response = httpx.get(file.url, timeout=_PATIENCE, follow_redirects=True).raise_for_status()
    except httpx.HTTPError as error:
        raise APIConnectionError(
            f"cannot fetch {file.name}: {error or type(error).__name__}", suggestion=advice
        ) from error
    if (found := _digest(response.content)) != file.sha256:
        message = f"{file.url} is another file than expected: its SHA-256 is {found}, not {file.sha256}"
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
