"""The admin API: keys are made, rotated and revoked over HTTP by whoever has an admin key, and the log says who it was."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.keys import keys as command
from sfm2.config import Loaded
from sfm2.errors import StorageUnavailableError
from sfm2.models.adapters import AdapterStore
from sfm2.server.app import create_app
from sfm2.server.usage import key_records
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.key_records import Actor
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.server.usage.tables import StoreTables
from sfm2.types import AuditEntry, AuditLog, ErrorBody, KeyInfo, KeyList, KeyScope, NewKey
from tests.engines import tiny_adapter
from tests.server.live import Serving, live, settings_for

ELSEWHERE = "f" * 64  # SHA-256 of weights


@pytest.fixture
def keys(tmp_path: Path, store: StoreTables, store_url: str | None) -> Keys:
    return Keys(store, KeyMemory.of(settings_for(tmp_path, store_url).storage))


@pytest.fixture
def admin(keys: Keys) -> dict[str, str]:
    """The headers of an admin."""
    _, text = keys.create("ops", scopes=[KeyScope.ADMIN])
    return {"Authorization": f"Bearer {text}"}


def made(client: httpx.Client, admin: dict[str, str], **fields: Any) -> NewKey:
    response = client.post("/admin/keys", json=fields, headers=admin)
    assert response.status_code == 201, response.text
    return NewKey.model_validate(response.json())


def works(client: httpx.Client, text: str) -> bool:
    return client.post("/generate", json={"prompt": "x"}, headers={"X-API-Key": text}).status_code == 200


def refused(response: httpx.Response, status: int, code: str) -> ErrorBody:
    body = ErrorBody.model_validate(response.json())
    assert (response.status_code, body.error) == (status, code), response.text
    return body


def log(client: httpx.Client, admin: dict[str, str], **query: Any) -> list[AuditEntry]:
    response = client.get("/admin/audit", params=query, headers=admin)
    return AuditLog.model_validate(response.raise_for_status().json()).entries


# Keys.


@pytest.mark.both_stores
def test_a_key_is_made_shown_once_rotated_and_revoked(serving: Serving, admin: dict[str, str]) -> None:
    with serving() as client:
        new = made(client, admin, name="ci", rate="50/minute", scopes=["generate"], expires_in=3600)
        assert (new.key.name, new.key.rate, new.key.scopes) == ("ci", "50/minute", [KeyScope.GENERATE])
        assert new.key.expires_at == pytest.approx(time.time() + 3600, abs=60)
        assert works(client, new.api_key)

        path = f"/admin/keys/{new.key.id}"
        response = client.post(f"{path}/rotate", json={"grace": 60}, headers=admin)
        other = NewKey.model_validate(response.raise_for_status().json())
        assert (other.key.id, other.api_key != new.api_key) == (new.key.id, True)
        assert works(client, new.api_key)
        assert works(client, other.api_key)

        for _ in range(2):
            response = client.post(f"{path}/revoke", headers=admin)
            assert KeyInfo.model_validate(response.raise_for_status().json()).revoked_at is not None
        assert not works(client, new.api_key)
        assert not works(client, other.api_key)


def test_what_is_not_named_is_as_on_the_command_line(serving: Serving, admin: dict[str, str]) -> None:
    with serving() as client:
        key = made(client, admin).key
    assert (key.name, key.rate, key.adapter, key.expires_at) == ("", None, None, None)
    assert key.scopes == [KeyScope.GENERATE, KeyScope.STATS]


def test_the_list_has_every_key_and_no_secret(serving: Serving, keys: Keys, admin: dict[str, str]) -> None:
    key, text = keys.create("old")
    keys.revoke(key.id)
    with serving() as client:
        new = made(client, admin, name="new")
        response = client.get("/admin/keys", headers=admin)
    found = KeyList.model_validate(response.json()).keys
    assert [one.name for one in found] == ["ops", "old", "new"]
    assert [one.revoked_at is not None for one in found] == [False, True, False]
    for secret in (text, new.api_key, admin["Authorization"]):
        assert secret.rsplit("_", 1)[1] not in response.text


def test_no_cache_may_keep_an_answer(serving: Serving, admin: dict[str, str]) -> None:
    with serving() as client:
        for response in (
            client.post("/admin/keys", json={}, headers=admin),
            client.get("/admin/keys", headers=admin),
            client.get("/admin/audit", headers=admin),
        ):
            assert response.headers["cache-control"] == "no-store"


def test_neither_keys_nor_hashes_are_logged(
    serving: Serving, admin: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving() as client:
        new = made(client, admin, name="a name")
        client.post(f"/admin/keys/{new.key.id}/rotate", json={}, headers=admin)
        client.get("/admin/audit", headers=admin)
    ((digest, previous),) = Store.in_folder(tmp_path).read(
        "SELECT hash, previous_hash FROM keys WHERE id = ?", (new.key.id,)
    )
    for secret in (new.api_key.split("_", 2)[2], admin["Authorization"].split("_", 2)[2], digest.hex(), previous.hex()):
        assert secret not in caplog.text
    audited = [record.getMessage() for record in caplog.records if record.name == "sfm2.audit"]
    who = admin["Authorization"].split("_")[1]
    assert audited == [f"{done} key {new.key.id} by key {who} from 127.0.0.1" for done in ("create", "rotate")]


# Who may.


@pytest.mark.parametrize("require_key", [None, False], ids=["without keys", "require_key: false"])
def test_it_is_never_open(serving: Serving, tmp_path: Path, require_key: bool | None) -> None:
    with serving(api={"require_key": require_key}) as client:
        assert client.post("/generate", json={"prompt": "x"}).status_code == 200
        for response in (
            client.get("/admin/keys"),
            client.post("/admin/keys", json={}),
            client.get("/admin/audit"),
            client.get("/admin/keys", headers={"X-API-Key": "anything"}),
        ):
            refused(response, 401, "unauthorized")
        told = refused(client.get("/admin/keys"), 401, "unauthorized")
        assert "scope admin" in told.message
        assert "sfm2 keys create --scope admin" in str(told.suggestion)
    assert Keys(Store.in_folder(tmp_path)).all() == []


def test_an_admin_key_is_taken_where_others_need_none(serving: Serving, admin: dict[str, str]) -> None:
    with serving(api={"require_key": False}) as client:
        assert client.get("/admin/keys", headers=admin).status_code == 200
        refused(client.get("/admin/keys"), 401, "unauthorized")


def test_other_keys_and_ended_admins_may_not(serving: Serving, keys: Keys, tmp_path: Path) -> None:
    _, plain = keys.create()
    key, gone = keys.create(scopes=[KeyScope.ADMIN])
    minute_ago = Keys(Store.in_folder(tmp_path), clock=lambda: time.time() - 60)
    _, expired = minute_ago.create(scopes=[KeyScope.ADMIN], lifetime=30)
    keys.revoke(key.id)
    with serving() as client:
        for text, status, code in (
            (plain, 403, "forbidden"),
            (gone, 401, "unauthorized"),
            (expired, 401, "unauthorized"),
        ):
            refused(client.post("/admin/keys", json={}, headers={"X-API-Key": text}), status, code)
    assert len(keys.all()) == 3


def test_its_requests_are_limited_as_others(serving: Serving, admin: dict[str, str]) -> None:
    with serving(limits={"rate": "2/minute"}) as client:
        statuses = [client.get("/admin/keys", headers=admin).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


# What is asked.


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"rate": "often"}, 'rate: expected a form such as "100/minute"'),
        ({"rate": "0/minute"}, 'rate: expected a form such as "100/minute"'),
        ({"rate": f"1/{'9' * 90}years"}, 'rate: expected a form such as "100/minute"'),
        ({"expires_in": "60"}, "expires_in: expected a number"),
        ({"scopes": []}, "scopes: list should have at least 1 item"),
        ({"scopes": ["root"]}, "scopes.0: input should be 'generate', 'stats' or 'admin'"),
        ({"scope": ["admin"]}, "scope: unknown field; did you mean scopes?"),
        ({"expires_in": 0}, "expires_in: input should be greater than 0, not 0"),
        ({"expires_in": 1e12}, "expires_in: input should be less than or equal to"),
        ({"name": "a\nb"}, "name: must be one line of printable characters"),
        ({"name": "\u202egpj.exe"}, "name: must be one line of printable characters"),
        ({"name": "x" * 201}, "name: string should have at most 200 characters"),
        ({"secret": "mine"}, "secret: unknown field"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(
    serving: Serving, keys: Keys, admin: dict[str, str], fields: dict[str, Any], complaint: str
) -> None:
    with serving() as client:
        told = refused(client.post("/admin/keys", json=fields, headers=admin), 422, "invalid_request")
    assert complaint in told.message
    assert len(keys.all()) == 1


def test_an_adapter_must_be_there(serving: Serving, admin: dict[str, str], tmp_path: Path) -> None:
    AdapterStore(tmp_path).add(tiny_adapter.write(tmp_path / "one", ELSEWHERE, 1))
    with serving() as client:
        assert made(client, admin, adapter="one").key.adapter == "one"
        assert made(client, admin, adapter="none").key.adapter == "none"
        told = refused(client.post("/admin/keys", json={"adapter": "two"}, headers=admin), 422, "adapter_error")
    assert "two" in told.message


def test_a_key_that_is_not_there_or_has_ended(serving: Serving, keys: Keys, admin: dict[str, str]) -> None:
    key, _ = keys.create()
    keys.revoke(key.id)
    with serving() as client:
        for what in ("rotate", "revoke"):
            response = client.post(f"/admin/keys/nobody/{what}", json={}, headers=admin)
            assert "nobody" in refused(response, 404, "not_found").message
        response = client.post(f"/admin/keys/{key.id}/rotate", json={}, headers=admin)
        assert "revoked" in refused(response, 422, "invalid_request").message
        wrong = {"grace": -1}
        response = client.post(f"/admin/keys/{key.id}/rotate", json=wrong, headers=admin)
        assert "grace: " in refused(response, 422, "invalid_request").message


def test_bodies_are_as_strict_as_elsewhere(serving: Serving, admin: dict[str, str]) -> None:
    typed = {**admin, "Content-Type": "application/json"}
    with serving() as client:
        refused(client.post("/admin/keys", content=b"{}", headers=admin), 415, "unsupported_media_type")
        refused(client.post("/admin/keys", content=b"[]", headers=typed), 400, "malformed_request")
        refused(client.get("/admin/keys/nobody/revoke", headers=admin), 405, "method_not_allowed")
        response = client.put("/admin/keys", headers=admin)
        refused(response, 405, "method_not_allowed")
        assert response.headers["allow"] == "GET, POST"
        refused(client.get("/admin/users", headers=admin), 404, "not_found")


# The log.


def test_the_log_says_who_did_what_to_which_key_and_from_where(
    serving: Serving, tmp_path: Path, admin: dict[str, str]
) -> None:
    def run(*arguments: str) -> str:
        loaded = Loaded(settings_for(tmp_path), {}, [])
        return CliRunner().invoke(command, arguments, obj=loaded, catch_exceptions=False).stdout.strip()

    user, ops = Actor.this_user().user, admin["Authorization"].split("_")[1]
    typed = run("create", "--name", "typed").split("_")[1]
    with serving() as client:
        new = made(client, admin, name="ci", rate="9/minute").key.id
        client.post(f"/admin/keys/{new}/rotate", json={"grace": 60}, headers=admin)
        run("revoke", new)
        client.post(f"/admin/keys/{typed}/revoke", headers=admin)
        client.post(f"/admin/keys/{typed}/revoke", headers=admin)  # It is already: nothing happens.
        client.post("/admin/keys", json={"rate": "often"}, headers=admin)
        found = log(client, admin)
    assert [(one.action, one.key_id, one.by_user, one.by_key, one.address) for one in reversed(found)] == [
        ("create", ops, user, None, None),
        ("create", typed, user, None, None),
        ("create", new, None, ops, "127.0.0.1"),
        ("rotate", new, None, ops, "127.0.0.1"),
        ("revoke", new, user, None, None),
        ("revoke", typed, None, ops, "127.0.0.1"),
    ]
    assert found[2].details == {"grace": 60.0, "expires_at": None}
    assert found[3].details["rate"] == "9/minute"
    assert all(abs(one.at - time.time()) < 600 for one in found)
    assert [line.split()[2] for line in run("log").splitlines()[1:]] == [one.action for one in found]


def test_the_log_is_read_in_parts(serving: Serving, keys: Keys, admin: dict[str, str]) -> None:
    for number in range(5):
        keys.create(str(number))
    with serving() as client:
        newest = log(client, admin, limit=2)
        older = log(client, admin, limit=3, before=newest[-1].id)
        assert log(client, admin, before=1) == []
    assert [one.details["name"] for one in newest + older] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"limit": "all"}, {"before": 0}, {"before": 10**30}, {"limt": 3}], ids=str
)
def test_a_wrong_query_is_refused_by_name(serving: Serving, admin: dict[str, str], query: dict[str, Any]) -> None:
    with serving() as client:
        told = refused(client.get("/admin/audit", params=query, headers=admin), 422, "invalid_request")
    assert f"query.{next(iter(query))}: " in told.message


@pytest.mark.both_stores
def test_the_log_is_bounded(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_records, "LOGGED", 3)
    for number in range(5):
        keys.create(str(number))
    assert [one.details["name"] for one in keys.log(10)] == ["4", "3", "2"]


def test_what_is_not_done_is_not_logged(keys: Keys, tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    with store.transaction() as connection:
        connection.execute("DROP TABLE key_log")
    with pytest.raises(StorageUnavailableError, match="tables"):
        keys.create()
    assert keys.all() == []


def test_a_lost_store_lets_no_admin_in(tmp_path: Path, admin: dict[str, str]) -> None:
    with live(create_app(settings_for(tmp_path))) as client:
        assert client.get("/admin/keys", headers=admin).status_code == 200
        (tmp_path / "sfm2.db").unlink()
        refused(client.get("/admin/keys", headers=admin), 503, "storage_unavailable")
        refused(client.post("/admin/keys", json={}), 503, "storage_unavailable")
