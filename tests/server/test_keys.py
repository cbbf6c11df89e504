"""API keys: which requests are accepted, and that only hashes are stored."""

from __future__ import annotations

import stat
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.keys import keys as command
from sfm2.config import Loaded
from sfm2.errors import AuthenticationError, NotFoundError
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.tables import StoreTables
from tests.server.live import Serving, settings_for


@pytest.fixture
def keys(store: StoreTables) -> Keys:
    return Keys(store)


def asks(client: httpx.Client, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/generate", json={"prompt": "x"}, headers=named)


def test_without_any_key_none_is_required(serving: Serving) -> None:
    with serving() as client:
        assert asks(client).status_code == 200
        assert asks(client, X_API_Key="your_api_key").status_code == 200


@pytest.mark.both_stores
def test_both_headers_are_taken(serving: Serving, keys: Keys) -> None:
    _, text = keys.create("laptop")
    with serving() as client:
        assert asks(client, Authorization=f"Bearer {text}").status_code == 200
        assert asks(client, Authorization=f"bearer  {text}").status_code == 200
        assert asks(client, X_API_Key=text).status_code == 200


@pytest.mark.both_stores
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "nonsense"},
        {"X-API-Key": "sfm2_000000000000_secret"},
        {"X-API-Key": "sfm2__"},
        {"X-API-Key": "é".encode()},
        {"Authorization": "Basic c2ZtMjpzZm0y"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer sfm2_' OR 1=1 --_x"},
    ],
)
def test_a_missing_or_wrong_key_is_refused(serving: Serving, keys: Keys, headers: dict[str, str]) -> None:
    keys.create()
    with serving() as client:
        response = client.post("/generate", json={"prompt": "x"}, headers=headers)
    assert (response.status_code, response.json()["error"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.both_stores
def test_the_right_id_with_another_secret_is_refused(keys: Keys) -> None:
    (_, one), (_, other) = keys.create(), keys.create()
    with pytest.raises(AuthenticationError, match="not valid"):
        keys.check(one[:18] + other[18:])


def test_health_and_documentation_need_no_key(serving: Serving, keys: Keys) -> None:
    keys.create()
    with serving() as client:
        for path in ("/health", "/health/live", "/health/ready", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        assert client.get("/stats").status_code == 401


@pytest.mark.both_stores
def test_creating_and_revoking_take_effect_on_a_running_server(serving: Serving, keys: Keys) -> None:
    with serving() as client:
        assert asks(client).status_code == 200
        key, text = keys.create()
        assert asks(client).status_code == 401
        assert asks(client, X_API_Key=text).status_code == 200
        keys.revoke(key.id)
        response = asks(client, X_API_Key=text)
        assert (response.status_code, response.json()["message"]) == (401, "the API key has been revoked")
        assert asks(client).status_code == 401, "revoking the last key must not open the door"


def test_require_key_decides_when_it_is_set(serving: Serving, keys: Keys) -> None:
    with serving(api={"require_key": True}) as client:
        assert asks(client).status_code == 401
    keys.create()
    with serving(api={"require_key": False}) as client:
        assert asks(client).status_code == 200


def test_neither_key_nor_secret_is_in_the_files(keys: Keys, tmp_path: Path) -> None:
    _, text = keys.create("laptop")
    secret = text.split("_", 2)[2].encode()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"laptop" in content
    assert secret not in content


def test_only_the_owner_reads_the_files(keys: Keys, tmp_path: Path) -> None:
    keys.create()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"sfm2.db": 0o600, "sfm2.db-wal": 0o600, "sfm2.db-shm": 0o600}


@pytest.mark.both_stores
def test_revoking_twice_keeps_the_first_date(keys: Keys) -> None:
    key, _ = keys.create()
    keys.revoke(key.id)
    (first,) = keys.all()
    keys.revoke(key.id)
    assert keys.all() == [first]
    with pytest.raises(NotFoundError):
        keys.revoke("nobody")


@pytest.mark.both_stores
def test_the_command_makes_lists_and_revokes(tmp_path: Path, keys: Keys, store_url: str | None) -> None:
    loaded = Loaded(settings_for(tmp_path, store_url), {}, [])

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(command, arguments, obj=loaded, catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert "no keys" in run("list")
    text = run("create", "--name", "laptop", "--rate", "5/second").strip()
    key = keys.check(text)
    assert (key.name, key.rate) == ("laptop", "5/second")
    assert text not in run("list")
    run("revoke", key.id)
    assert "revoked" in run("list")
    with pytest.raises(AuthenticationError):
        keys.check(text)
