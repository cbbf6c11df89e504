"""Servers that share a store in a real Valkey: what one does holds for the other, and what happens when Valkey fails."""

from __future__ import annotations

import asyncio
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.keys import keys as command
from sfm2.config import Loaded, Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import ConfigError, MissingExtraError, StorageUnavailableError
from sfm2.server.app import create_app
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.opening import store_of
from sfm2.server.usage.outage import WAIT
from sfm2.server.usage.store import AsyncStore, Store
from sfm2.server.usage.tables import CountedBatch
from sfm2.server.usage.valkey import names
from sfm2.server.usage.valkey.store import ValkeyStore
from sfm2.testing import serve_process, until
from sfm2.types import KeyScope
from tests.server.live import live, settings_for
from tests.server.valkey_server import RunningValkey


@pytest.fixture
def valkey() -> Iterator[RunningValkey]:
    """A server of its own, for a test that harms it."""
    with tempfile.TemporaryDirectory() as folder:
        server = RunningValkey(Path(folder))
        yield server
        server.kill()


def machine(tmp_path: Path, name: str, url: str, **sections: dict[str, Any]) -> Settings:
    """The settings of one of several machines: its own folders, and a store that is shared."""
    return settings_for(tmp_path / name, url, **sections)


@contextmanager
def two_machines(tmp_path: Path, url: str, **sections: dict[str, Any]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with (
        live(create_app(machine(tmp_path, "one", url, **sections))) as one,
        live(create_app(machine(tmp_path, "other", url, **sections))) as other,
    ):
        yield one, other


def ask(client: httpx.Client, key: str | None = None) -> httpx.Response:
    return client.post("/generate", json={"prompt": "x"}, headers={"X-API-Key": key} if key else {})


def command_output(settings: Settings, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, obj=Loaded(settings, {}, []), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def a_key(settings: Settings, *options: str) -> str:
    """A key, made by `sfm2 keys create` on a machine."""
    return command_output(settings, "create", *options).strip()


def ready(client: httpx.Client) -> tuple[int, str | None]:
    response = client.get("/health/ready")
    return response.status_code, response.json()["reason"]


def assert_refused(response: httpx.Response, cause: str) -> None:
    body = response.json()
    assert (response.status_code, body["error"]) == (503, "storage_unavailable"), body
    assert cause in body["message"]
    assert int(response.headers["retry-after"]) >= 1


# What machines share.


def test_a_key_of_one_machine_is_good_for_another_until_it_is_revoked_on_either(
    tmp_path: Path, valkey_url: str
) -> None:
    with two_machines(tmp_path, valkey_url) as (one, other):
        assert [ask(client).status_code for client in (one, other)] == [200, 200], "so far there are no keys"
        admin = {"X-API-Key": a_key(machine(tmp_path, "third", valkey_url), "--scope", "admin")}
        assert [ask(client).status_code for client in (one, other)] == [401, 401]
        made = one.post("/admin/keys", json={"name": "ada"}, headers=admin).raise_for_status().json()
        assert ask(other, made["api_key"]).status_code == 200
        other.post(f"/admin/keys/{made['key']['id']}/revoke", headers=admin).raise_for_status()
        assert ask(one, made["api_key"]).json()["message"] == "the API key has been revoked"
        logs = [client.get("/admin/audit", headers=admin).json() for client in (one, other)]
    assert logs[0] == logs[1]
    assert [entry["action"] for entry in logs[0]["entries"]] == ["revoke", "create", "create"]


def test_all_machines_remember_that_there_are_keys(tmp_path: Path, valkey_url: str) -> None:
    with two_machines(tmp_path, valkey_url) as (one, other):
        a_key(machine(tmp_path, "third", valkey_url))
        assert [ask(client).status_code for client in (one, other)] == [401, 401]
    for name in ("one", "other", "third"):
        assert KeyMemory.of(machine(tmp_path, name, valkey_url).storage).remembered()


def test_counters_of_two_machines_add_up_exactly(tmp_path: Path, valkey_url: str) -> None:
    with two_machines(tmp_path, valkey_url) as clients:
        for client in clients:  # FastAPI prepares its routes at the first request: not in two threads at once
            client.get("/no-such-route")
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda number: ask(clients[number % 2]).status_code, range(100)))
        assert statuses == [200] * 100
        for client in clients:
            until(lambda client=client: client.get("/stats").json()["total_requests"] == 100, 20)  # type: ignore[misc]
    store = ValkeyStore(valkey_url, 5)
    assert store.counters.all()["requests"] == 100
    store.close()


def test_a_batch_that_is_written_twice_counts_once(valkey_url: str) -> None:
    store = ValkeyStore(valkey_url, 5)
    for writer, number in (("one", 1), ("one", 1), ("other", 1), ("one", 2), ("one", 2), ("one", 1)):
        store.counters.add(
            CountedBatch(writer, number, {"requests": 1}, Counter({(1_700_000_000, "requests"): 1})), 1_700_000_001
        )
    assert store.counters.all() == {"requests": 3}
    assert store.counters.windows(1_700_000_001)["minute"] == {"requests": 3}
    store.close()


def test_a_rate_holds_over_all_machines(tmp_path: Path, valkey_url: str) -> None:
    with two_machines(tmp_path, valkey_url, limits={"rate": "7/minute"}) as clients, ThreadPoolExecutor(8) as pool:
        counted = Counter(pool.map(lambda number: ask(clients[number % 2]).status_code, range(20)))
    assert counted == {200: 7, 429: 13}


def test_nothing_is_kept_for_ever_that_sqlite_does_not_keep(
    tmp_path: Path, valkey_url: str, shared_valkey: RunningValkey
) -> None:
    with live(create_app(machine(tmp_path, "one", valkey_url, limits={"rate": "7/minute"}))) as client:
        known = client.post("/complete", json={"prefix": "x"}).json()["id"]
        assert client.post("/feedback", json={"id": known, "outcome": "accepted"}).status_code == 204
        until(lambda: client.get("/stats").json()["total_requests"] == 1, 20)
    lasting = {name for name in shared_valkey.command("KEYS", "*") if shared_valkey.command("TTL", name) == -1}
    assert lasting == {names.VERSION, names.COUNTERS, names.COMPLETIONS}
    assert all(name.startswith("{sfm2}:") for name in shared_valkey.command("KEYS", "*"))


@pytest.mark.slow
def test_several_workers_take_it_from_the_environment(tmp_path: Path, valkey_url: str) -> None:
    environment = {"SFM2_FALLBACK_CHAIN": "echo", "SFM2_STORE_URL": valkey_url}
    with serve_process(tmp_path, "--workers", "2", environment=environment) as server:
        key = a_key(machine(tmp_path, "another", valkey_url))
        with httpx.Client(base_url=server.url, trust_env=False, timeout=20) as client:
            assert [ask(client).status_code, ask(client, key).status_code] == [401, 200]
    assert not (tmp_path / "sfm2.db").exists()


# When it fails.


def test_it_may_be_killed_and_started_again_while_requests_run(tmp_path: Path, valkey: RunningValkey) -> None:
    key = a_key(machine(tmp_path, "one", valkey.url))
    stop = Event()
    with two_machines(tmp_path, valkey.url, limits={"rate": "100000/minute"}) as clients:

        def ask_on(number: int) -> list[httpx.Response]:
            answers: list[httpx.Response] = []
            while not stop.is_set():
                answers.append(ask(clients[number % 2], key))
            return answers

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask_on, number) for number in range(4)]
            for _ in range(2):
                until(lambda: all(ask(client, key).status_code == 200 for client in clients), 20)
                valkey.kill()
                until(lambda: all(ask(client, key).status_code == 503 for client in clients), 20)
                valkey.start()
            until(lambda: all(ask(client, key).status_code == 200 for client in clients), 20)
            stop.set()
            answers = [answer for one in asking for answer in one.result()]
        assert {answer.status_code for answer in answers} == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert_refused(answer, "the server's store can't be used")
        assert all(ready(client) == (200, None) for client in clients)


def test_what_was_counted_meanwhile_is_written_later_and_once(tmp_path: Path, valkey: RunningValkey) -> None:
    with two_machines(tmp_path, valkey.url, api={"require_key": False}) as clients:
        for _ in range(3):
            assert [ask(client).status_code for client in clients] == [200, 200]
            valkey.kill()
            assert [ask(client).status_code for client in clients * 2] == [200] * 4
            valkey.start()
        for client in clients:
            until(lambda client=client: client.get("/stats").status_code == 200, 20)  # type: ignore[misc]
            until(lambda client=client: client.get("/stats").json()["total_requests"] == 18, 20)  # type: ignore[misc]
    store = ValkeyStore(valkey.url, 5)
    assert store.counters.all()["requests"] == 18
    store.close()


def test_while_it_is_away_each_process_counts_rates(tmp_path: Path, valkey: RunningValkey) -> None:
    sections: dict[str, Any] = {"api": {"require_key": False}, "limits": {"rate": "3/minute"}}
    with live(create_app(machine(tmp_path, "one", valkey.url, **sections))) as client:
        assert ask(client).headers["x-ratelimit-remaining"] == "2"
        valkey.kill()
        assert [ask(client).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        status = client.get("/health").json()
        assert (status["status"], "can't be reached" in status["storage"]) == ("healthy", True)
        assert ready(client) == (200, None)


def test_without_keys_so_far_it_lets_nobody_in_while_it_is_away(tmp_path: Path, valkey: RunningValkey) -> None:
    # Another machine may have made the first key meanwhile, and this one can't know.
    with live(create_app(machine(tmp_path, "one", valkey.url))) as client:
        assert ask(client).status_code == 200
        valkey.kill()
        assert_refused(ask(client), "can't be reached")
        valkey.start()
        until(lambda: ask(client).status_code == 200, 20)


def test_one_that_hangs_keeps_nobody_waiting_for_long(tmp_path: Path, valkey: RunningValkey) -> None:
    key = a_key(machine(tmp_path, "one", valkey.url))
    with live(create_app(machine(tmp_path, "one", valkey.url))) as client:
        assert ask(client, key).status_code == 200
        valkey.send(signal.SIGSTOP)
        try:
            for _ in range(3):
                assert_refused(ask(client, key), "did not answer")
            assert client.get("/health/live").status_code == 200
        finally:
            valkey.send(signal.SIGCONT)
        until(lambda: ask(client, key).status_code == 200, 20)


def test_statistics_that_take_too_long_do_not_keep_keys_from_being_checked(valkey_url: str) -> None:
    async def scenario() -> None:
        store = AsyncStore(ValkeyStore(valkey_url, 5))
        with pytest.raises(StorageUnavailableError, match="did not answer within 1 s"):
            await store.read_aside(lambda _: time.sleep(WAIT + 0.3))
        assert store.problem is None
        assert not await store.run(lambda store: Keys(store).exist())
        await store.aclose()

    asyncio.run(scenario())


def test_unreachable_at_the_start_it_is_used_when_it_comes(
    tmp_path: Path, valkey: RunningValkey, caplog: pytest.LogCaptureFixture
) -> None:
    key = a_key(machine(tmp_path, "one", valkey.url))
    valkey.kill()
    with live(create_app(machine(tmp_path, "other", valkey.url))) as client:
        for sent in (None, key):
            assert_refused(ask(client, sent), "can't be reached: Connection refused")
        status, reason = ready(client)
        assert (status, "can't be reached" in str(reason)) == (503, True)
        assert client.get("/health").json()["status"] == "unhealthy"
        assert_refused(client.get("/stats"), "can't be reached")
        valkey.start()
        until(lambda: ask(client, key).status_code == 200, 20)
        assert ready(client) == (200, None)
    assert not [record for record in caplog.records if record.exc_info], "a traceback"


def test_the_command_starts_a_server_and_warns_while_it_is_away(tmp_path: Path, valkey: RunningValkey) -> None:
    key = a_key(machine(tmp_path, "one", valkey.url))
    valkey.kill()
    environment = {"SFM2_FALLBACK_CHAIN": "echo", "SFM2_STORE_URL": valkey.url}
    with serve_process(tmp_path, environment=environment, ready=False) as server:
        assert "can't be reached" in server.log.read_text()
        valkey.start()
        server.until_ready(20)
        assert httpx.get(f"{server.url}/stats", headers={"X-API-Key": key}, trust_env=False).status_code == 200


# When what it holds is gone, or not ours.


@pytest.mark.parametrize("restart", [False, True])
def test_one_that_was_flushed_lets_nobody_in(tmp_path: Path, valkey: RunningValkey, restart: bool) -> None:
    settings = machine(tmp_path, "one", valkey.url)
    key = a_key(settings)
    with live(create_app(settings)) as client:
        assert ask(client, key).status_code == 200
        valkey.command("FLUSHALL")
        if not restart:
            assert_lost(client, key)
    with live(create_app(settings)) as client:
        assert_lost(client, key)
        assert "emptied" in command_output(settings, "list")
        new = a_key(settings)
        assert [ask(client, one).status_code for one in (None, key, new)] == [401, 401, 200]
        assert ready(client) == (200, None)


def assert_lost(client: httpx.Client, key: str) -> None:
    for sent in (None, key, "nonsense"):
        assert_refused(ask(client, sent), "its keys are gone")
    status, reason = ready(client)
    assert (status, "its keys are gone" in str(reason)) == (503, True)


def test_whoever_had_keys_in_a_file_is_not_open_with_a_new_store(tmp_path: Path, valkey_url: str) -> None:
    a_key(settings_for(tmp_path))
    with live(create_app(settings_for(tmp_path, valkey_url))) as client:
        assert_refused(ask(client), "its keys are gone")
        new = a_key(settings_for(tmp_path, valkey_url))
        assert [ask(client).status_code, ask(client, new).status_code] == [401, 200]
    assert len(Keys(Store.in_folder(tmp_path)).all()) == 1


def test_that_there_are_keys_is_remembered_however_the_address_is_written(tmp_path: Path) -> None:
    urls = ("valkey://host", "redis://:old@HOST:6379/0", "rediss://me:new@host/?db=0&ssl_ca_certs=/etc/ca.pem")
    memories = [KeyMemory.of(machine(tmp_path, "one", url).storage) for url in (*urls, "valkey://host/1")]
    memories[0].remember()
    assert [memory.remembered() for memory in memories] == [True, True, True, False]
    assert "old" not in memories[1].file.read_text()


def test_the_wrong_password_lets_nobody_in_and_is_not_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = RunningValkey(Path(folder), "--requirepass", "right")
        right = server.url.replace("unix://", "unix://:right@")
        wrong = server.url.replace("unix://", "unix://:hidden@")
        key = a_key(machine(tmp_path, "one", right))
        with live(create_app(machine(tmp_path, "one", right))) as client:
            assert ask(client, key).status_code == 200
        for url in (server.url, wrong):
            with live(create_app(machine(tmp_path, "one", url))) as client:
                refused = ask(client, key)
                assert_refused(refused, "does not take the user or the password")
                shown = refused.text + client.get("/health").text + client.get("/health/ready").text
                assert "hidden" not in shown
                assert folder not in shown
        with pytest.raises(ConfigError, match="does not take the user or the password") as caught:
            command_output(machine(tmp_path, "one", wrong), "list")
        server.kill()
    assert "hidden" not in caplog.text + str(caught.value)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (("SET", names.VERSION, "2"), "newer sfm2"),
        (("CONFIG", "SET", "maxmemory", "1"), "its memory is full"),
        (("REPLICAOF", "127.0.0.1", "1"), "a replica that can't be written"),
        (("ACL", "SETUSER", "default", "-@all", "+get", "+ping", "+select"), "may not do what is needed"),
        (("SET", names.KEYS, "another program's"), "answers with an error"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)
def test_a_key_that_can_not_be_made_says_why(valkey: RunningValkey, change: tuple[str, ...], cause: str) -> None:
    ValkeyStore(valkey.url, 5).ping()
    valkey.command(*change)
    with pytest.raises(StorageUnavailableError, match=cause):
        Keys(ValkeyStore(valkey.url, 5)).create()


def test_what_a_server_says_is_for_the_log_alone(valkey: RunningValkey, caplog: pytest.LogCaptureFixture) -> None:
    """It may name hosts and keys."""
    valkey.command("SET", names.KEYS, "another program's")
    with pytest.raises(StorageUnavailableError) as refused:
        Keys(ValkeyStore(valkey.url, 5)).create()
    assert "WRONGTYPE" not in refused.value.message
    assert "WRONGTYPE" in caplog.text


def test_a_user_needs_no_more_than_the_message_says(tmp_path: Path, valkey: RunningValkey) -> None:
    valkey.command("ACL", "SETUSER", "sfm2", "on", ">secret", "~{sfm2}:*", "+@all", "-@dangerous")
    url = valkey.url.replace("unix://", "unix://sfm2:secret@")
    key = a_key(machine(tmp_path, "one", url), "--scope", "admin")
    with live(create_app(machine(tmp_path, "one", url, limits={"rate": "9/minute"}))) as client:
        known = client.post("/complete", json={"prefix": "x"}, headers={"X-API-Key": key}).json()["id"]
        client.headers["X-API-Key"] = key
        assert client.post("/feedback", json={"id": known, "outcome": "accepted"}).status_code == 204
        assert client.get("/stats").json()["feedback"]["accepted"] == 1
        assert len(client.get("/admin/audit").json()["entries"]) == 1
        assert ready(client) == (200, None)


def certificate_for_loopback(folder: Path) -> Path:
    """For 127.0.0.1 and no other name; its key is in the same file."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=valkey"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(["openssl", *made, *files], check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate


def test_tls_is_checked_against_the_name_that_was_asked_for(tmp_path: Path, shared_valkey: RunningValkey) -> None:
    certificate = certificate_for_loopback(tmp_path)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(shared_valkey.socket)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    async def run() -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        async with await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            right = ValkeyStore(f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}", 5)
            await asyncio.to_thread(right.ping)
            right.close()
            for url in (f"rediss://localhost:{port}?ssl_ca_certs={certificate}", f"valkeys://127.0.0.1:{port}"):
                with pytest.raises(StorageUnavailableError, match="certificate is not accepted"):
                    await asyncio.to_thread(ValkeyStore(url, 5).ping)

    asyncio.run(run())


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("sfm2.server.usage.valkey")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "valkey", None)
    settings = machine(tmp_path, "one", "valkey://host")
    with pytest.raises(MissingExtraError, match=r"storage\.url") as caught:
        store_of(settings.storage)
    assert "[valkey]" in caught.value.suggestion
    with pytest.raises(MissingExtraError):
        create_app(settings, AsyncModelManager(settings))


def test_scopes_survive(valkey_url: str) -> None:
    store = ValkeyStore(valkey_url, 5)
    made, _ = Keys(store).create("ada – ü", "5/second", "mine", scopes=[KeyScope.STATS, KeyScope.ADMIN], lifetime=60)
    assert Keys(store).all() == [made]
    store.close()


def test_the_log_goes_on_where_its_counter_was_lost(tmp_path: Path, valkey: RunningValkey) -> None:
    settings = machine(tmp_path, "one", valkey.url)
    a_key(settings, "--name", "ada")
    store = store_of(settings.storage)
    assert isinstance(store, ValkeyStore)
    store.keys._server.command("DEL", names.KEY_LOG_ID)
    a_key(settings, "--name", "bob")
    assert [(entry.id, entry.details["name"]) for entry in Keys(store).log(9)] == [(2, "bob"), (1, "ada")]
    store.close()
