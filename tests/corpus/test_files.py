"""Which files are read."""

from __future__ import annotations

from pathlib import Path

from sfm2.corpus.files import text_of


def test_a_file_that_cannot_be_read_has_no_text(tmp_path: Path) -> None:
    assert text_of(tmp_path / ("x" * 300)) is None  # no file system takes such a name: an error for root, too
