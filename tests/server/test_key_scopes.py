"""What a key may do: each route says which scope it needs, and a key from before there were scopes may do what it could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sfm2 import SFM2Client
from sfm2.errors import PermissionDeniedError
from sfm2.server.app import create_app
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import DEFAULT_SCOPES, ErrorBody, KeyScope
from tests.server.live import Serving, live, settings_for

GENERATE, STATS, ADMIN = KeyScope
READERS = {("get", "/stats"), ("get", "/metrics")}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(settings_for(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with live(app) as client:
        yield client


@pytest.fixture(scope="module")
def keys(app: FastAPI) -> Iterator[Keys]:
    storage = app.state.sfm2.settings.storage
    with closing(Store.in_folder(storage.data_dir)) as store:
        yield Keys(store, KeyMemory.of(storage))


def guarded(app: FastAPI) -> list[tuple[str, str]]:
    """Every documented route that needs a key, with its method."""
    paths = app.openapi()["paths"].items()
    return [(method, path) for path, found in paths for method, told in found.items() if "security" in told]


def scope_of(method: str, path: str) -> KeyScope:
    """What a route is to need: whoever adds one that needs less than this says so here."""
    if path.startswith("/admin/"):
        return ADMIN
    return STATS if (method, path) in READERS else GENERATE


def problem(response: httpx.Response) -> tuple[int, str | None]:
    """The status, and the code of the error if it is one of ours."""
    error = response.json().get("error") if response.status_code >= 400 else None
    return response.status_code, error["code"] if isinstance(error, dict) else error


@pytest.mark.parametrize("scopes", [(GENERATE,), (STATS,), (ADMIN,), DEFAULT_SCOPES], ids="+".join)
def test_on_every_route_the_scope_decides(
    app: FastAPI, client: httpx.Client, keys: Keys, scopes: tuple[KeyScope, ...]
) -> None:
    _, text = keys.create(scopes=scopes)
    routes = guarded(app)
    assert len(routes) > 15
    for method, path in routes:
        needed = scope_of(method, path)
        # Without a body: a key that may go on is told so by a route that misses it, and nothing is done.
        status, _ = problem(client.request(method, path.replace("{key_id}", "nobody"), headers={"X-API-Key": text}))
        assert (status == 403) is (needed not in scopes and ADMIN not in scopes), (method, path, status)
        assert status not in (401, 500)


def test_on_every_route_no_key_is_refused(app: FastAPI, client: httpx.Client, keys: Keys) -> None:
    keys.create()
    for method, path in guarded(app):
        assert client.request(method, path).status_code == 401, path


def test_every_route_with_a_key_documents_both_refusals(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for method, path in guarded(app):
        assert {"401", "403"} <= paths[path][method]["responses"].keys(), path


def test_the_refusal_says_which_scope_is_missing(client: httpx.Client, keys: Keys) -> None:
    _, text = keys.create(scopes=[GENERATE])
    response = client.get("/stats", headers={"X-API-Key": text})
    body = ErrorBody.model_validate(response.json())
    assert (response.status_code, body.error) == (403, "forbidden")
    assert body.message == "this needs an API key with the scope stats; yours has generate"
    assert "sfm2 keys create --scope stats" in str(body.suggestion)
    assert "www-authenticate" not in response.headers


def test_the_sdk_raises_an_error_of_its_own(client: httpx.Client, keys: Keys) -> None:
    _, text = keys.create(scopes=[STATS])
    with SFM2Client(api_url=str(client.base_url), api_key=text) as sdk:
        assert sdk.stats().total_requests >= 0
        with pytest.raises(PermissionDeniedError, match="scope generate; yours has stats"):
            sdk.generate("x")


def test_an_unknown_route_needs_a_key_of_any_scope(client: httpx.Client, keys: Keys) -> None:
    _, text = keys.create(scopes=[STATS])
    assert problem(client.get("/nowhere")) == (401, "unauthorized")
    assert problem(client.get("/nowhere", headers={"X-API-Key": text})) == (404, "not_found")


def test_a_key_made_without_naming_scopes_may_do_what_keys_could_before(serving: Serving, tmp_path: Path) -> None:
    key, text = Keys(Store.in_folder(tmp_path)).create()
    assert key.scopes == (GENERATE, STATS)
    headers: dict[str, Any] = {"headers": {"X-API-Key": text}}
    with serving() as client:
        assert client.post("/generate", json={"prompt": "x"}, **headers).status_code == 200
        for path in ("/stats", "/metrics", "/v1/models"):
            assert client.get(path, **headers).status_code == 200
        assert problem(client.get("/admin/keys", **headers)) == (403, "forbidden")
