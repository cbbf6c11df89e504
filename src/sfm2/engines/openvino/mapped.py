"""The pages of files that were mapped into memory, and have been read."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_DONTNEED = 4  # MADV_DONTNEED of Linux: of a mapped file, the pages are read again from it when somebody needs them


def give_back(folder: Path) -> int:
    """Gives the pages of files in `folder` back to the system; returns how many bytes are mapped. Linux only: 0 elsewhere.

    OpenVINO maps the weights and arranges most of them anew, in memory of its own. What it goes on reading in the file,
    such as rows of the embedding, comes back by itself.
    """
    if not sys.platform.startswith("linux") or not _MAPS.exists():
        return 0
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    ranges = list(_mapped(folder.resolve()))
    for start, end in ranges:
        madvise(start, end - start, _DONTNEED)
    return sum(end - start for start, end in ranges)


def _mapped(folder: Path) -> Iterator[tuple[int, int]]:
    """Where files of `folder` are mapped, read-only; addresses, the end excluded."""
    for line in _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and "w" not in fields[1] and Path(fields[5]).parent == folder:
            start, _, end = fields[0].partition("-")
            yield int(start, 16), int(end, 16)
