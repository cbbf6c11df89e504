"""A live server whose store is locked, deleted, overwritten, of another version, or on a full disk."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.keys import keys as command
from sfm2.cli.root import main
from sfm2.config import Loaded
from sfm2.errors import ConfigError, NotFoundError
from sfm2.server.app import create_app
from sfm2.server.usage import completion_log
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import clean_environment, until
from tests.server.live import live, settings_for

RATE = {"rate": "4/minute"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that a test may delete."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def a_key(data: Path) -> str:
    """A key, made by `sfm2 keys create`."""
    return command_output(data, "create").strip()


def an_older_key(data: Path) -> str:
    """A key, made by a version that did not remember it outside of the store."""
    store = Store.in_folder(data)
    _, text = Keys(store).create()
    store.close()
    return text


def command_output(data: Path, *arguments: str, **sections: dict[str, Any]) -> str:
    loaded = Loaded(settings_for(data, **sections), {}, [])
    result = CliRunner().invoke(command, arguments, obj=loaded, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def ask(client: httpx.Client, key: str | None = None) -> httpx.Response:
    return client.post("/generate", json={"prompt": "x"}, headers={"X-API-Key": key} if key else {})


def ready(client: httpx.Client) -> tuple[int, str | None]:
    response = client.get("/health/ready")
    return response.status_code, response.json()["reason"]


def storage_of(client: httpx.Client) -> tuple[str, str | None]:
    found = client.get("/health").json()
    return found["status"], found["storage"]


def assert_refused(response: httpx.Response, cause: str) -> None:
    body = response.json()
    assert (response.status_code, body["error"]) == (503, "storage_unavailable")
    assert cause in body["message"]
    assert int(response.headers["retry-after"]) >= 1


@contextmanager
def locked_for_writing(data: Path) -> Iterator[None]:
    """As a backup or a stuck process does."""
    with closing(sqlite3.connect(data / "sfm2.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def locked_altogether(data: Path) -> Iterator[None]:
    """Nobody else may even read. That can be had only while nobody has the file open."""
    with closing(sqlite3.connect(data / "sfm2.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def overwrite(data: Path) -> None:
    """Write over the file in place, while it is open elsewhere."""
    with closing(sqlite3.connect(data / "sfm2.db")) as other:
        other.execute("PRAGMA wal_checkpoint")  # Else SQLite still has everything beside the file.
    (data / "sfm2.db").write_bytes(b"x" * (data / "sfm2.db").stat().st_size)


def storage_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not [record for record in caplog.records if record.exc_info], "a traceback"
    return [record.getMessage() for record in caplog.records if "store can't be used" in record.getMessage()]


def test_while_it_is_locked_keys_are_checked_and_each_process_counts_rates(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = a_key(data)
    with live(create_app(settings_for(data, limits=RATE))) as client:
        assert ask(client, key).headers["x-ratelimit-remaining"] == "3"
        with locked_for_writing(data):
            answers = [ask(client, key) for _ in range(5)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
            assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
            assert ask(client, "sfm2_000000000000_secret").status_code == 401
            assert ready(client) == (200, None)
            status, reason = storage_of(client)
            assert (status, "locked" in str(reason)) == ("healthy", True)
        until(lambda: storage_of(client) == ("healthy", None), 20)
        assert ask(client, key).headers["x-ratelimit-remaining"] == "2", "the store counts again"
    assert len(storage_lines(caplog)) <= 4, "one line for writing, and one for each kind of data that waits"


def test_while_it_is_locked_waits_do_not_add_up(data: Path) -> None:
    with live(create_app(settings_for(data, limits={"rate": "1000/minute"}))) as client, locked_for_writing(data):
        begun = time.monotonic()
        with ThreadPoolExecutor(30) as pool:
            statuses = list(pool.map(lambda _: ask(client).status_code, range(30)))
        took = time.monotonic() - begun
    assert statuses == [200] * 30
    assert took < 15, "one after another, each would have waited for 0.75 s or more"


def test_statistics_and_feedback_wait_in_memory_and_are_written_later(data: Path) -> None:
    with live(create_app(settings_for(data))) as client:
        with locked_for_writing(data):
            known = client.post("/complete", json={"prefix": "x"}).json()["id"]
            for outcome in ("rejected", "accepted"):
                assert client.post("/feedback", json={"id": known, "outcome": outcome}).status_code == 204
            time.sleep(2.5)  # The background has tried, and failed.
            assert client.get("/stats").json()["total_requests"] == 1
        until(lambda: client.get("/stats").json()["feedback"]["accepted"] == 1, 20)
    with live(create_app(settings_for(data))) as client:
        found = client.get("/stats").json()
    assert (found["total_requests"], found["feedback"]) == (1, {"accepted": 1, "edited": 0, "rejected": 0})


def test_the_last_use_of_a_key_waits_in_memory_and_is_written_later(data: Path) -> None:
    key = a_key(data)

    def last_used() -> float | None:
        (known,) = Keys(Store.in_folder(data)).all()
        return known.last_used_at

    with live(create_app(settings_for(data))) as client:
        with locked_for_writing(data):
            assert ask(client, key).status_code == 200
            until(lambda: "locked" in str(storage_of(client)[1]), 20)  # The background has tried, and failed.
            assert last_used() is None
        until(lambda: last_used() is not None, 20)


def test_admins_are_told_when_nothing_can_be_written(data: Path) -> None:
    headers = {"X-API-Key": command_output(data, "create", "--scope", "admin").strip()}
    with live(create_app(settings_for(data))) as client:
        with locked_for_writing(data):
            assert_refused(client.post("/admin/keys", json={}, headers=headers), "locked")
            assert len(client.get("/admin/keys", headers=headers).json()["keys"]) == 1
        until(lambda: client.post("/admin/keys", json={"name": "x"}, headers=headers).status_code == 201, 20)
        assert [key["name"] for key in client.get("/admin/keys", headers=headers).json()["keys"]] == ["", "x"]


def test_what_waits_is_bounded_and_what_is_dropped_is_counted(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(completion_log, "MAX_PENDING", 3)
    with live(create_app(settings_for(data))) as client:
        with locked_for_writing(data):
            ids = [client.post("/complete", json={"prefix": "x"}).json()["id"] for _ in range(5)]
        until(lambda: "2 completions or reports on them were dropped" in caplog.text, 20)
        told = [client.post("/feedback", json={"id": one, "outcome": "edited"}).status_code for one in (ids[0], ids[4])]
    assert told == [404, 204]
    assert caplog.text.count("the oldest completions or reports on them are dropped") == 1


def test_what_can_not_be_asked_for_keys_lets_nobody_in(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = an_older_key(data)
    with locked_altogether(data), live(create_app(settings_for(data))) as client:
        for _ in range(3):
            assert_refused(ask(client), "locked")
            assert_refused(ask(client, key), "locked")
        status, reason = ready(client)
        assert (status, "locked" in str(reason)) == (503, True)
        assert client.get("/health").status_code == 503
        assert storage_of(client)[0] == "unhealthy"
        shown = CliRunner().invoke(main, ["health", "--api-url", str(client.base_url)])
        assert shown.exit_code == 1
        assert "storage: the server's store can't be used: another process has locked it" in shown.output
        assert client.get("/health/live").status_code == 200
        assert client.get("/").status_code == 200
    assert len(storage_lines(caplog)) <= 3, "one line for keys, one for writing, one for the statistics"
    with live(create_app(settings_for(data))) as client:
        assert [ask(client).status_code, ask(client, key).status_code] == [401, 200]


def test_a_store_that_is_unlocked_is_used_without_a_restart(data: Path) -> None:
    key = a_key(data)
    with locked_altogether(data):
        server = live(create_app(settings_for(data)))
        client = server.__enter__()
        assert_refused(ask(client, key), "locked")
    try:
        until(lambda: ask(client, key).status_code == 200, 20)
        assert ready(client) == (200, None)
    finally:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("restart", [False, True])
def test_a_store_that_was_deleted_lets_nobody_in(data: Path, restart: bool) -> None:
    key = a_key(data)
    settings = settings_for(data)
    server = live(create_app(settings))
    client = server.__enter__()
    try:
        assert ask(client, key).status_code == 200
        shutil.rmtree(data)
        if restart:
            server.__exit__(None, None, None)
            server = live(create_app(settings))
            client = server.__enter__()
        for sent in (None, key, "nonsense"):
            refused = ask(client, sent)
            assert_refused(refused, "its keys are gone")
            assert "sfm2 keys create" in refused.json()["suggestion"]
            assert str(data) not in refused.text
        assert ready(client)[0] == 503
        with pytest.raises(NotFoundError, match=r"deleted, emptied or replaced.*servers refuse all"):
            command_output(data, "revoke", key.split("_")[1])
        assert "deleted" in command_output(data, "list")
        new = a_key(data)
        assert [ask(client, one).status_code for one in (None, key, new)] == [401, 401, 200]
        assert ready(client) == (200, None)
    finally:
        server.__exit__(None, None, None)


def test_keys_of_an_older_version_are_remembered_by_the_first_server_that_sees_them(data: Path) -> None:
    an_older_key(data)
    with live(create_app(settings_for(data))):
        pass
    shutil.rmtree(data)
    with live(create_app(settings_for(data))) as client:
        assert_refused(ask(client), "its keys are gone")


def test_that_no_keys_are_wanted_any_more_can_be_said(data: Path) -> None:
    a_key(data)
    shutil.rmtree(data)
    with live(create_app(settings_for(data, api={"require_key": False}))) as client:
        assert ask(client).status_code == 200
        assert ready(client) == (200, None)
    KeyMemory.of(settings_for(data).storage).file.unlink()
    with live(create_app(settings_for(data))) as client:
        assert ask(client).status_code == 200


def test_a_key_is_not_made_where_that_can_not_be_remembered(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    loaded = Loaded(settings_for(data), {}, [])
    storage = loaded.settings.storage.model_copy(update={"state_dir": tmp_path / "file" / "state"})
    loaded.settings = loaded.settings.model_copy(update={"storage": storage})
    with pytest.raises(ConfigError) as caught:
        CliRunner().invoke(command, ["create"], obj=loaded, catch_exceptions=False)
    assert "storage.state_dir" in caught.value.suggestion
    assert Keys(Store.in_folder(data)).all() == []


def test_each_data_folder_has_a_memory_of_its_own(data: Path, tmp_path: Path) -> None:
    a_key(data)
    other = tmp_path / "other"
    storage = settings_for(data).storage.model_copy(update={"data_dir": other})
    assert KeyMemory.of(settings_for(data).storage).remembered()
    assert not KeyMemory.of(storage).remembered()


def test_an_overwritten_store_lets_nobody_in_until_a_backup_is_put_back(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = a_key(data)  # Its end writes everything into the one file.
    backup = (data / "sfm2.db").read_bytes()
    with live(create_app(settings_for(data, limits=RATE))) as client:
        assert ask(client, key).status_code == 200
        overwrite(data)
        until(lambda: ask(client, key).status_code != 200, 20)
        for _ in range(3):
            assert_refused(ask(client, key), "damaged")
            assert_refused(ask(client), "damaged")
        assert ready(client)[0] == 503
        with pytest.raises(ConfigError, match=r"sfm2\.db: .*damaged"):
            command_output(data, "list")
        assert set((data / "sfm2.db").read_bytes()) == {ord("x")}, "what may still be rescued is not overwritten"
        (data / "backup").write_bytes(backup)
        (data / "backup").replace(data / "sfm2.db")
        until(lambda: ask(client, key).status_code == 200, 20)
    assert len(storage_lines(caplog)) <= 5, "one line for keys, one for writing, one for each kind of data that waits"


def test_a_server_without_keys_answers_while_its_store_is_damaged(data: Path) -> None:
    with live(create_app(settings_for(data))) as client:
        assert ask(client).status_code == 200
        overwrite(data)
        until(lambda: "damaged" in str(storage_of(client)[1]), 20)
        assert ask(client).status_code == 200
        assert ready(client) == (200, None)
        assert_refused(client.get("/stats"), "damaged")
        key = a_key_elsewhere(data)
        assert ask(client).status_code == 503, "a key was made meanwhile, and can't be checked"
        assert_refused(ask(client, key), "damaged")


def a_key_elsewhere(data: Path) -> str:
    """What `sfm2 keys create` does before it fails on the damaged store."""
    KeyMemory.of(settings_for(data).storage).remember()
    return "sfm2_000000000000_secret"


def test_a_server_without_keys_needs_no_folder(data: Path) -> None:
    shutil.rmtree(data)
    data.touch()  # no folder can be made here
    with live(create_app(settings_for(data, limits=RATE))) as client:
        assert [ask(client).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
        assert ready(client) == (200, None)


def test_the_store_of_a_newer_version_lets_nobody_in(data: Path) -> None:
    key = a_key(data)
    with closing(sqlite3.connect(data / "sfm2.db")) as other:
        other.execute("PRAGMA user_version = 1000")
    with live(create_app(settings_for(data))) as client:
        assert_refused(ask(client, key), "newer")
        assert_refused(ask(client), "newer")
    with pytest.raises(ConfigError, match="newer"):
        command_output(data, "create")


def test_a_full_disk_loses_no_answer_and_leaves_the_store_whole(tmp_path: Path) -> None:
    # A limit on the size of files stands for the full disk: SQLite's writes fail alike.
    environment = clean_environment(tmp_path, {"SFM2_FALLBACK_CHAIN": "echo", "SFM2_LIMITS_RATE": "1000/minute"})
    key = an_older_key(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "sfm2", "serve", "--port", "0"],
        env={
            name: value for name, value in environment.items() if not name.startswith("COVERAGE_")
        },  # which writes more
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000)),
    )
    assert process.stdout is not None
    url = next(line.split()[-1] for line in process.stdout if "http://" in line)
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        until(lambda: client.get("/health/ready").status_code == 200, 60)
        statuses = [ask(client, key).status_code for _ in range(100)]
        told = until(lambda: client.get("/health").json()["storage"], 30, "a store that is full")
        found = client.get("/stats", headers={"X-API-Key": key}).json()
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert statuses == [200] * 100
    assert "full" in told
    assert found["total_requests"] == 100
    assert "Traceback" not in errors
    store = Store.in_folder(tmp_path)
    assert store.read("PRAGMA integrity_check") == [("ok",)]
    assert [known.id for known in Keys(store).all()] == [key.split("_")[1]]
    store.close()
