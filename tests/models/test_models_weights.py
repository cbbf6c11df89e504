"""The weights that the settings name, errors for damaged files, and the offer to pull."""

from __future__ import annotations

import shutil
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfm2.config import Sfm2Settings
from sfm2.errors import WeightsError
from sfm2.models import gguf_file
from sfm2.models.digest import sha256_of
from sfm2.models.weights import ensure, resolve
from tests.models.tiny_model import NAME, RecordedProgress, StoreOf, WheelIndex, make_gguf


def by_path(path: Path) -> Sfm2Settings:
    return Sfm2Settings(path=path)


BY_NAME = Sfm2Settings(model=NAME)
ALIGNMENT = struct.pack("<Q", 17) + b"general.alignment"


def header(pair: bytes) -> bytes:
    """A GGUF without tensors and with one pair of metadata."""
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair


def test_by_name(store_of: StoreOf, wheel_index: WheelIndex, whole_gguf: Path) -> None:
    path = store_of().pull(NAME, source=whole_gguf)
    weights = resolve(BY_NAME, store_of())
    assert (weights.path, weights.sha256, weights.name) == (path, wheel_index.entry().sha256, NAME)


def test_any_gguf_by_path(store_of: StoreOf, tmp_path: Path) -> None:
    own = make_gguf(tmp_path / "own.gguf", seed=7)
    weights = resolve(by_path(own), store_of())
    assert (weights.path, weights.sha256, weights.entry, weights.name) == (own, sha256_of(own), None, "own")


def test_a_path_to_bytes_that_the_catalogue_knows(store_of: StoreOf, whole_gguf: Path) -> None:
    weights = resolve(by_path(whole_gguf), store_of())
    assert weights.entry is not None
    assert weights.name == NAME


def test_a_digest_is_computed_once_until_the_file_changes(store_of: StoreOf, whole_gguf: Path, tmp_path: Path) -> None:
    first, again, changed = RecordedProgress(), RecordedProgress(), RecordedProgress()
    before = resolve(by_path(whole_gguf), store_of(), first)
    assert resolve(by_path(whole_gguf), store_of(), again) == before
    make_gguf(whole_gguf, seed=1)
    after = resolve(by_path(whole_gguf), store_of(), changed)
    assert after.sha256 == sha256_of(whole_gguf) != before.sha256
    assert (bool(first.calls), bool(again.calls), bool(changed.calls)) == (True, False, True)


def test_weights_that_were_altered_since_the_pull_are_refused(store_of: StoreOf, whole_gguf: Path) -> None:
    path = store_of().pull(NAME, source=whole_gguf)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="was altered") as caught:
        resolve(BY_NAME, store_of())
    assert caught.value.suggestion == f"sfm2 models pull {NAME}"


def test_a_folder_with_one_gguf(store_of: StoreOf, whole_gguf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(WeightsError, match=r"holds 0 files ending in \.gguf; expected exactly one"):
        resolve(by_path(folder), store_of())
    shutil.copy(whole_gguf, folder / "one.gguf")
    assert resolve(by_path(folder), store_of()).path == folder / "one.gguf"
    shutil.copy(whole_gguf, folder / "two.gguf")
    with pytest.raises(WeightsError, match=r"holds 2 files ending in \.gguf \(one\.gguf, two\.gguf\)"):
        resolve(by_path(folder), store_of())


def test_missing_weights(store_of: StoreOf, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"there are no weights at .*nowhere\.gguf"):
        resolve(by_path(tmp_path / "nowhere.gguf"), store_of())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip", "is not a GGUF file"),
        (b"GGU", "is not a GGUF file"),
        (b"GGUF", "ends within its header"),
        (b"GGUF\x01\x00\x00\x00" + bytes(100), "is GGUF version 1"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 100, "damaged GGUF header"),
        (header(ALIGNMENT + struct.pack("<II", 4, 0)), "the alignment is 0"),
        (header(ALIGNMENT + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 9, 1) * 2000), "an array of type 9"),
    ],
)
def test_files_that_are_no_gguf(store_of: StoreOf, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "odd.gguf"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=words):
        resolve(by_path(file), store_of())


def test_a_truncated_gguf_says_how_many_bytes_are_missing(store_of: StoreOf, whole_gguf: Path) -> None:
    whole = whole_gguf.stat().st_size
    with whole_gguf.open("r+b") as file:
        file.truncate(whole - 1000)
    with pytest.raises(WeightsError, match=f"truncated: expected {whole:,} bytes, it has {whole - 1000:,}"):
        resolve(by_path(whole_gguf), store_of())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 500), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_a_damaged_header_is_a_clear_error_or_harmless(
    whole_gguf: Path, tmp_path: Path, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(whole_gguf.read_bytes())
    for at, new in changes:
        content[at : at + len(new)] = new
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(content)
    with suppress(WeightsError):  # any other error is a failure
        gguf_file.check(damaged)


class Person:
    """Answers questions, and records them."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []

    def __call__(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer


def test_first_use_offers_to_pull(store_of: StoreOf, wheel_index: WheelIndex) -> None:
    willing = Person(True)
    assert ensure(BY_NAME, store_of(), ask=willing).path.read_bytes() == wheel_index.content
    assert len(willing.questions) == 1
    assert NAME in willing.questions[0]
    assert "CC0-1.0" in willing.questions[0]
    ensure(BY_NAME, store_of(), ask=willing)
    assert len(willing.questions) == 1


def test_who_declines_is_told_the_command(store_of: StoreOf, cache: Path) -> None:
    for ask in (Person(False), None):
        with pytest.raises(WeightsError) as caught:
            ensure(BY_NAME, store_of(), ask=ask)
        assert caught.value.suggestion == f"sfm2 models pull {NAME}"
    assert not cache.exists()


def test_auto_pull_asks_nobody(store_of: StoreOf) -> None:
    person = Person(False)
    assert ensure(Sfm2Settings(model=NAME, auto_pull=True), store_of(), ask=person).name == NAME
    assert person.questions == []


def test_weights_of_ones_own_are_never_pulled(store_of: StoreOf, tmp_path: Path) -> None:
    person = Person(True)
    with pytest.raises(WeightsError, match="no weights at"):
        ensure(Sfm2Settings(path=tmp_path / "nowhere", auto_pull=True), store_of(), ask=person)
    assert person.questions == []
