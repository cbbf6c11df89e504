"""Files are read and written byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.cli import source_file
from sfm2.cli.source_file import hole_at
from sfm2.errors import InvalidRequestError, SFM2Error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_bytes(b"a\r\nb")
    return path


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00")), bom=st.booleans())
def test_the_empty_completion_gives_back_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, text: str, bom: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.py"
    raw = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    path.write_bytes(raw)
    source = source_file.read(path)
    source_file.replace(source, hole_at(source.text, 1).filled(""))
    assert path.read_bytes() == raw


def test_a_byte_order_mark_is_no_text_and_stays(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfx = 1")
    source = source_file.read(file)
    assert source.text == "x = 1"
    source_file.replace(source, "x = 2")
    assert file.read_bytes() == b"\xef\xbb\xbfx = 2"


def test_the_mode_stays(file: Path) -> None:
    file.chmod(0o750)
    source_file.replace(source_file.read(file), "new")
    assert file.stat().st_mode & 0o777 == 0o750


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.with_name("link.py")
    link.symlink_to(file)
    source_file.replace(source_file.read(link), "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    source = source_file.read(file)
    file.write_text("somebody else's")
    with pytest.raises(SFM2Error, match="has changed in the meantime"):
        source_file.replace(source, "ours")
    assert file.read_text() == "somebody else's"
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_gone_is_not_made_again(file: Path) -> None:
    source = source_file.read(file)
    file.unlink()
    with pytest.raises(SFM2Error, match="No such file"):
        source_file.replace(source, "ours")
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\x7fELF\x00\x01", "is binary"),
        (b"ab\xff", "is not UTF-8: byte 0xff at offset 2"),
        (b"\xef\xbb\xbfab\xff", "at offset 5"),
        ("x = 1".encode("utf-16"), "is binary"),
    ],
)
def test_what_is_no_text(file: Path, raw: bytes, message: str) -> None:
    file.write_bytes(raw)
    with pytest.raises(InvalidRequestError, match=f"code.py {message}" if message.startswith("is") else message):
        source_file.read(file)


@pytest.mark.parametrize(("name", "reason"), [("gone.py", "No such file"), (".", "Is a directory")])
def test_what_can_not_be_read(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        source_file.read(tmp_path / name)
