"""Files of results: JSON Lines, the header first, then a record for each answered question.

A file is only ever appended to. A last line that was half-written is no part of it; of two records of one question the
later one counts: somebody asked again because nobody had answered.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from pydantic import TypeAdapter, ValidationError

from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Record

__all__ = ["Record", "Results", "ResultsFile", "RunHeader", "read"]


@dataclass(frozen=True)
class RunHeader:
    """What was asked, and how. `weights` is a SHA-256, `started` a time as ISO 8601 has it."""

    suite: str
    settings: dict[str, Any]
    weights: str | None
    version: str
    started: str


@dataclass(frozen=True)
class Results:
    header: RunHeader
    records: list[Record]

    @property
    def guarded(self) -> bool:
        """Whether the guard read the completions."""
        return self.header.settings.get("guard") is not False


_HEADER = TypeAdapter(RunHeader)
_RECORD = TypeAdapter(Record)


def read(path: Path) -> Results:
    """Raises InvalidRequestError for a file that holds no results, or cannot be read."""
    try:
        return _results(path, _lines(path.read_bytes()))
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}", suggestion="Name a file of `sfm2 eval run`") from error


class ResultsFile:
    """A file that a run appends to: its header, and its records by id, those from before among them.

    Opening it raises InvalidRequestError for a file that another run writes to, or that was made by another suite, other
    settings or other weights.
    """

    def __init__(self, path: Path, header: RunHeader) -> None:
        self.path = path
        self._file = _locked(path)
        try:
            content = self._file.read()
            self.header, self.records = self._resumed(content, header) if content.strip() else self._begun(header)
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Record) -> None:
        self.records[record.id] = record
        self._write(asdict(record))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _begun(self, header: RunHeader) -> tuple[RunHeader, dict[str, Record]]:
        self._file.truncate(0)
        self._file.seek(0)
        self._write(asdict(header))
        return header, {}

    def _resumed(self, content: bytes, header: RunHeader) -> tuple[RunHeader, dict[str, Record]]:
        lines = _lines(content)
        results = _results(self.path, lines)
        _check_same(self.path, results.header, header)
        self._file.truncate(sum(map(len, lines)))
        self._file.seek(0, 2)
        if not lines[-1].endswith(b"\n"):
            self._file.write(b"\n")
        return results.header, {record.id: record for record in results.records}

    def _write(self, value: dict[str, Any]) -> None:
        self._file.write(json.dumps(value).encode() + b"\n")
        self._file.flush()


def _locked(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        file = path.open("r+b")
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}", suggestion="Name another file as --output") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise InvalidRequestError(f"{path}: another run writes to it", suggestion="Name another --output") from error
    return file


def _lines(content: bytes) -> list[bytes]:
    """The whole ones; the last one also without its line break, if it is JSON."""
    lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n") and not _is_json(lines[-1]):
        lines.pop()
    return lines


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _results(path: Path, lines: list[bytes]) -> Results:
    if not lines:
        raise InvalidRequestError(f"{path}: no results in it", suggestion="`sfm2 eval run` writes such files")
    header = _parsed(_HEADER, lines[0], f"{path}, line 1")
    records = {record.id: record for record in _records(path, lines)}
    return Results(header, list(records.values()))


def _records(path: Path, lines: list[bytes]) -> Iterator[Record]:
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            yield _parsed(_RECORD, line, f"{path}, line {number}")


def _parsed(kind: TypeAdapter[Any], line: bytes, place: str) -> Any:
    try:
        return kind.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(map(str, first["loc"])) or "the line"
        raise InvalidRequestError(
            f"{place}: no results: {field_name}: {first['msg']}", suggestion="`sfm2 eval run` writes such files"
        ) from error


def _check_same(path: Path, found: RunHeader, wanted: RunHeader) -> None:
    differences = [
        f"{name} {json.dumps(before)} there, {json.dumps(now)} now"
        for name, before, now in _pairs(found, wanted)
        if before != now
    ]
    if differences:
        raise InvalidRequestError(
            f"{path} holds results of another run: {'; '.join(differences)}",
            suggestion="Name another --output, or repeat the settings to go on with that run",
        )


def _pairs(found: RunHeader, wanted: RunHeader) -> Iterator[tuple[str, Any, Any]]:
    yield "suite", found.suite, wanted.suite
    yield "weights", found.weights, wanted.weights
    yield "version", found.version, wanted.version
    for name in sorted(found.settings.keys() | wanted.settings.keys()):
        yield name, found.settings.get(name), wanted.settings.get(name)
