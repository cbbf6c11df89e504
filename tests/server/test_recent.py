"""`/stats` of the last minute, five minutes and hour: exact over workers, bounded, whatever the clock does."""

from __future__ import annotations

import sqlite3
import uuid
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfm2.server.app import create_app
from sfm2.server.usage.recent import STEP, WINDOWS, Recent
from sfm2.server.usage.store import Store
from sfm2.server.usage.tables import CountedBatch, StoreTables
from sfm2.server.usage.valkey.store import ValkeyStore
from tests.server.live import Serving, live, settings_for
from tests.server.valkey_server import RunningValkey

HOUR = WINDOWS["hour"]


class Clock:
    """Starts in the middle of a step."""

    def __init__(self) -> None:
        self.now = 1_700_000_002.5

    def __call__(self) -> float:
        return self.now


def write(recent: Recent, store: StoreTables) -> None:
    store.counters.add(CountedBatch(uuid.uuid4().hex, 1, {}, recent.take()), recent.now())


Event = tuple[int, float, str, bool]
"""Which worker counts, how many seconds later, what, and whether it writes then"""
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0, 900), st.sampled_from(["requests", "tokens"]), st.booleans()), max_size=40
)


@settings(deadline=None)  # it writes to a disk
@given(EVENTS)
def test_each_window_has_what_all_workers_counted_in_it(events: list[Event]) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "sfm2.db")
        assert_windows_hold(events, store)
        store.close()


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_in_valkey_as_well(shared_valkey: RunningValkey, events: list[Event]) -> None:
    shared_valkey.command("FLUSHALL")
    store = ValkeyStore(shared_valkey.url, 5)
    assert_windows_hold(events, store)
    store.close()


def assert_windows_hold(events: list[Event], store: StoreTables) -> None:
    clock = Clock()
    workers = [Recent(clock) for _ in range(3)]
    happened: list[tuple[float, str]] = []
    for number, later, name, writes in events:
        clock.now += later
        workers[number].count({name: 1})
        happened.append((clock.now, name))
        if writes:
            write(workers[number], store)
    for worker in workers[1:]:
        write(worker, store)
    found = workers[0].with_pending(store.counters.windows(clock()), Counter())
    for window, seconds in WINDOWS.items():
        for reach, at_most in ((seconds, False), (seconds + STEP, True)):
            expected = Counter(name for at, name in happened if at > clock.now - reach)
            for name in ("requests", "tokens"):
                assert found[window][name] <= expected[name] if at_most else found[window][name] >= expected[name]


def test_what_no_window_reaches_is_deleted_and_so_is_the_future(tmp_path: Path) -> None:
    clock, store = Clock(), Store(tmp_path / "sfm2.db")
    recent = Recent(clock)
    for _ in range(3 * HOUR // 60):
        clock.now += 60
        recent.count({"requests": 1})
        write(recent, store)
    assert len(store.read("SELECT * FROM recent")) <= HOUR / 60 + 2
    clock.now -= 10 * HOUR  # set back
    recent.count({"requests": 1})
    write(recent, store)
    assert store.read("SELECT value FROM recent") == [(1.0,)]
    store.close()


def test_what_can_not_be_written_for_hours_does_not_pile_up() -> None:
    clock = Clock()
    recent = Recent(clock)
    for _ in range(3 * HOUR // 60):
        clock.now += 60
        recent.count({"requests": 1})
    empty = {window: Counter[str]() for window in WINDOWS}
    found = recent.with_pending(empty, Counter())
    assert {window: counters["requests"] for window, counters in found.items()} == {
        "minute": 2,
        "five_minutes": 6,
        "hour": 61,
    }
    assert len(recent.take()) <= HOUR / 60 + 2


def test_a_server_says_what_it_did_lately(serving: Serving) -> None:
    with serving() as client:
        assert client.get("/stats").json()["windows"]["minute"]["total_requests"] == 0
        client.post("/generate", json={"prompt": "# echo:a b c", "language": "text"})
        client.post("/generate", json={})
        found = client.get("/stats").json()
    assert list(found["windows"]) == ["minute", "five_minutes", "hour"]
    for window in found["windows"].values():
        assert (window["total_requests"], window["successful_requests"]) == (2, 1)
        assert window["errors"] == {"invalid_request": 1}
        assert window["tokens_generated"] == found["tokens_generated"] > 0
        assert window["latency"] == found["latency"]


@pytest.mark.both_stores
def test_workers_add_up_and_a_restart_forgets_nothing(tmp_path: Path, store_url: str | None) -> None:
    settings = settings_for(tmp_path, store_url)
    with live(create_app(settings)) as one:
        with live(create_app(settings)) as other:
            for client in (one, other, other):
                client.post("/generate", json={"prompt": "x"})
        assert one.get("/stats").json()["windows"]["minute"]["total_requests"] == 3
    with live(create_app(settings)) as again:
        assert again.get("/stats").json()["windows"]["five_minutes"]["total_requests"] == 3


def test_a_store_of_the_version_before_gets_the_table(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with live(create_app(settings)) as client:
        client.post("/generate", json={"prompt": "x"})
    with sqlite3.connect(tmp_path / "sfm2.db") as connection:
        connection.execute("DROP TABLE recent")
        connection.execute("PRAGMA user_version = 4")
    connection.close()
    with live(create_app(settings)) as client:
        found = client.get("/stats").json()
        assert (found["total_requests"], found["windows"]["hour"]["total_requests"]) == (1, 0)
