"""Results files: JSON Lines with a header, then a record for each item.

A file is only ever appended to. A last line that is incomplete is ignored. Of two records of one item the later one counts:
items for which the service gave an error are sent again when a run is resumed.
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
    """What was run, and how."""

    suite: str
    settings: dict[str, Any]
    """How items were sent; they must be the same for a run to be resumed."""
    weights: str | None
    """The SHA-256 of the weights, if known."""
    version: str
    """The version of SFM-2."""
    started: str
    """When the run began, in ISO 8601."""


@dataclass(frozen=True)
class Results:
    """The content of a results file."""

    header: RunHeader
    records: list[Record]
    """One record per item, in the order in which the items were first recorded."""

    @property
    def guarded(self) -> bool:
        """Whether the guard checked the completions."""
        return self.header.settings.get("guard") is not False


_WRITTEN_BY = "`sfm2 eval run` writes such files"
_HEADER = TypeAdapter(RunHeader)
_RECORD = TypeAdapter(Record)


def read(path: Path) -> Results:
    """The results in the file `path`. Raises InvalidRequestError when it can't be read or is not a results file."""
    try:
        return _results(path, _lines(path.read_bytes()))
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}", suggestion="Name a file from `sfm2 eval run`") from error


class ResultsFile:
    """A results file that a run appends to, locked against other runs. `records` has all records by id, old and new.

    A file that exists is resumed. Opening it raises InvalidRequestError when another run is writing to it, or when it comes
    from another suite, other settings, other weights or another version.
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
        """Add a record, and write it to the file at once."""
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
        raise InvalidRequestError(
            f"{path}: another run is writing to it", suggestion="Name another --output"
        ) from error
    return file


def _lines(content: bytes) -> list[bytes]:
    """The complete lines. A last line without a line break counts if it is JSON."""
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
        raise InvalidRequestError(f"{path}: no results in it", suggestion=_WRITTEN_BY)
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
            f"{place}: not a results file: {field_name}: {first['msg']}", suggestion=_WRITTEN_BY
        ) from error


def _check_same(path: Path, found: RunHeader, wanted: RunHeader) -> None:
    differences = [
        f"{name} was {json.dumps(before)}, is now {json.dumps(now)}"
        for name, before, now in _pairs(found, wanted)
        if before != now
    ]
    if differences:
        raise InvalidRequestError(
            f"{path} has the results of another run: {'; '.join(differences)}",
            suggestion="Name another --output, or use the same settings to resume that run",
        )


def _pairs(found: RunHeader, wanted: RunHeader) -> Iterator[tuple[str, Any, Any]]:
    yield "suite", found.suite, wanted.suite
    yield "weights", found.weights, wanted.weights
    yield "version", found.version, wanted.version
    for name in sorted(found.settings.keys() | wanted.settings.keys()):
        yield name, found.settings.get(name), wanted.settings.get(name)
