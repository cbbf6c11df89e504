"""Files of code: read and written faithfully, byte for byte outside the completion."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sfm2.errors import InvalidRequestError, SFM2Error

_BOM = b"\xef\xbb\xbf"
_IN_TEXT = "Give a text file in UTF-8"


@dataclass(frozen=True)
class SourceFile:
    """A file as it was read. `text` has neither byte order mark nor changed line ends."""

    path: Path
    raw: bytes
    text: str

    def encoded(self, text: str) -> bytes:
        """`text` in this file's encoding."""
        return (_BOM if self.raw.startswith(_BOM) else b"") + text.encode()


def read(path: Path) -> SourceFile:
    """Raises `InvalidRequestError` for a file that can't be read, is binary or not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"cannot read {path}: {error.strerror}", suggestion="Check the path") from error
    return SourceFile(path, raw, decoded(raw, str(path)))


def decoded(raw: bytes, name: str) -> str:
    """The text, line ends as they are. Raises `InvalidRequestError`, calling the text `name`."""
    if b"\x00" in raw:
        raise InvalidRequestError(f"{name} is binary: it has a NUL byte", suggestion=_IN_TEXT)
    try:
        return raw.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        at = error.start + (len(_BOM) if raw.startswith(_BOM) else 0)
        raise InvalidRequestError(
            f"{name} is not UTF-8: byte {raw[at]:#04x} at offset {at}", suggestion=_IN_TEXT
        ) from error


def read_standard_input() -> str:
    return decoded(sys.stdin.buffer.read(), "standard input")


def replace(source: SourceFile, text: str) -> None:
    """Put `text` in the file's place, whole or not at all, with its permissions; a link stays a link.

    Raises `SFM2Error` when the file can't be written, or has changed since it was read.
    """
    target = source.path.resolve()
    try:
        if target.exists() and not os.access(target, os.W_OK):
            raise SFM2Error(f"cannot write {source.path}: it is read-only", suggestion="Change its permissions")
        _swap(source, target, source.encoded(text))
    except OSError as error:
        raise SFM2Error(
            f"cannot write {source.path}: {error.strerror}", suggestion="The file is as it was; check its folder"
        ) from error


def _swap(source: SourceFile, target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, name)
        # An editor that saves between this look and the next line loses its change; nothing smaller is portable.
        if target.read_bytes() != source.raw:
            raise SFM2Error(f"{source.path} has changed meanwhile; nothing was written", suggestion="Try again")
        os.replace(name, target)  # noqa: PTH105 - the name comes from mkstemp
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108
        raise
