"""Listing, finding, verifying and removing weights; pulling from a local file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sfm2.errors import MissingExtraError, WeightsError
from sfm2.models.catalogue import HubMirror, IndexMirror, load_catalogue
from sfm2.models.store import ModelStore
from tests.models.tiny_model import NAME, PullProcess, StoreOf, WheelIndex, read_until


def altered(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")


def test_the_packaged_catalogue_is_complete() -> None:
    catalogue = load_catalogue()
    assert catalogue.names == ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
    for entry in catalogue:
        assert entry.licence == "Apache-2.0"
        hub, index = entry.mirrors
        assert isinstance(hub, HubMirror)
        assert isinstance(index, IndexMirror)
        assert hub.file == f"{entry.name}-instruct-q4_k_m.gguf"
        assert len(index.requirements) == index.parts
    assert [entry.completion.form for entry in catalogue] == ["spm", "psm"]


def test_an_unknown_name_brings_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"did you mean qwen2\.5-coder-1\.5b\?"):
        ModelStore(tmp_path).path("qwen-coder-1.5b")


def test_list_tells_what_is_here(store_of: StoreOf, wheel_index: WheelIndex, whole_gguf: Path) -> None:
    store = store_of()
    (before,) = store.list()
    assert (before.name, before.installed, before.bytes) == (NAME, False, len(wheel_index.content))
    path = store.pull(NAME, source=whole_gguf)
    (after,) = store.list()
    assert (after.installed, after.path, after.partial_bytes) == (True, path, 0)


def test_list_tells_what_an_unfinished_pull_has(store_of: StoreOf, wheel_index: WheelIndex) -> None:
    wheel_index.remove_wheels(2)
    with pytest.raises(WeightsError):
        store_of().pull(NAME)
    (model,) = store_of().list()
    assert not model.installed
    assert model.partial_bytes >= len(wheel_index.pieces()[0])


def test_path_without_weights_says_how_to_get_them(store_of: StoreOf) -> None:
    with pytest.raises(WeightsError, match="not installed") as caught:
        store_of().path(NAME)
    assert caught.value.suggestion == f"sfm2 models pull {NAME}"


def test_path_of_truncated_weights_says_how_many_bytes(
    store_of: StoreOf, wheel_index: WheelIndex, whole_gguf: Path
) -> None:
    path = store_of().pull(NAME, source=whole_gguf)
    path.write_bytes(wheel_index.content[:1000])
    with pytest.raises(WeightsError, match=f"expected {len(wheel_index.content):,} bytes, it has 1,000"):
        store_of().path(NAME)


def test_verify_reads_every_byte(store_of: StoreOf, whole_gguf: Path) -> None:
    store = store_of()
    path = store.pull(NAME, source=whole_gguf)
    assert store.verify(NAME).ok
    altered(path)
    result = store.verify(NAME)
    assert not result.ok
    assert result.found != result.expected


def test_a_file_of_ones_own_is_verified_just_the_same(
    store_of: StoreOf, whole_gguf: Path, wheel_index: WheelIndex
) -> None:
    wheel_index.remove_wheels(1, 2, 3)
    assert store_of().pull(NAME, source=whole_gguf).read_bytes() == wheel_index.content
    assert whole_gguf.exists()


def test_a_wrong_file_of_ones_own_is_refused_and_left_alone(store_of: StoreOf, cache: Path, whole_gguf: Path) -> None:
    altered(whole_gguf)
    before = whole_gguf.read_bytes()
    with pytest.raises(WeightsError, match=f"{whole_gguf}: wrong contents"):
        store_of().pull(NAME, source=whole_gguf)
    assert whole_gguf.read_bytes() == before
    assert not list(cache.rglob("*.gguf"))
    with pytest.raises(WeightsError, match="no such file"):
        store_of().pull(NAME, source=cache / "nowhere.gguf")


def test_remove_takes_everything_that_was_made_of_the_weights(
    store_of: StoreOf, wheel_index: WheelIndex, cache: Path, whole_gguf: Path
) -> None:
    store = store_of()
    path = store.pull(NAME, source=whole_gguf)
    converted = cache / "engines" / f"{wheel_index.entry().sha256[:16]}-int4"
    other = cache / "engines" / "0123456789abcdef-int4"
    for folder in (converted, other):
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(bytes(1000))
    assert store.remove(NAME) == len(wheel_index.content) + 1000
    assert not path.exists()
    assert not converted.exists()
    assert other.exists()
    with pytest.raises(WeightsError, match="not installed"):
        store.remove(NAME)


def test_weights_that_are_being_pulled_are_not_removed(store_of: StoreOf, pull_process: PullProcess) -> None:
    read_until(pull_process("--hold-at", "1"), "held")
    with pytest.raises(WeightsError, match="another process is pulling"):
        store_of().remove(NAME)


def test_without_the_extra_it_says_which(store_of: StoreOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(MissingExtraError) as caught:
        store_of().pull(NAME)
    assert caught.value.extra == "engine"
