"""What of a mapped file is in memory, before it is given back and after."""

from __future__ import annotations

import mmap
import re
import sys
from pathlib import Path

import pytest

from sfm2.engines.openvino.mapped import give_back

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are given back on Linux only")
SIZE = 8_000_000


def resident(file: Path) -> int:
    """Bytes of `file` that count as this process's memory."""
    maps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    found = re.search(rf"{re.escape(str(file))}\n(?:.*\n)*?Rss:\s+(\d+) kB", maps)
    return int(found[1]) * 1024 if found else 0


def test_what_was_read_is_given_back_and_can_be_read_again(tmp_path: Path) -> None:
    ours, other = tmp_path / "weights" / "model.bin", tmp_path / "model.bin"
    ours.parent.mkdir()
    for path in (ours, other):
        path.write_bytes(b"weights" * (SIZE // 7))
    with (
        ours.open("rb") as one,
        other.open("rb") as two,
        mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        mmap.mmap(two.fileno(), 0, access=mmap.ACCESS_READ) as left_alone,
    ):
        assert bytes(mapped).count(b"weights") == bytes(left_alone).count(b"weights") == SIZE // 7
        assert resident(ours) > SIZE * 0.9
        assert give_back(ours.parent) >= SIZE - 7
        assert resident(ours) == 0
        assert resident(other) > SIZE * 0.9
        assert bytes(mapped).count(b"weights") == SIZE // 7


def test_nothing_is_mapped_of_a_folder_that_nobody_reads(tmp_path: Path) -> None:
    assert give_back(tmp_path) == 0
