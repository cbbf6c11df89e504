"""What is counted, open or limited, and in which protocol errors are: declared with the routes, found for requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from sfm2.server.app import create_app
from sfm2.server.http.routing import RoutePolicy
from sfm2.server.protocols.llama_cpp.protocol import LLAMA_CPP
from sfm2.server.protocols.openai.protocol import OPENAI
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.types import KeyScope
from tests.server.live import MODEL_ROUTES, Serving, settings_for

OPEN = RoutePolicy(SFM2, open=True, limited=False)
PROBE = RoutePolicy(SFM2, open=True, limited=False, logged_at_debug=True)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(settings_for(tmp_path_factory.mktemp("data")))


def policy(app: FastAPI, method: str, path: str) -> RoutePolicy:
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "root_path": ""}
    found: RoutePolicy = app.state.sfm2.routes.find(scope)
    return found


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        *(("POST", path, RoutePolicy(SFM2, counted=True)) for path in MODEL_ROUTES),
        ("POST", "/v1/completions", RoutePolicy(OPENAI, counted=True)),
        ("POST", "/v1/chat/completions", RoutePolicy(OPENAI, counted=True)),
        ("POST", "/infill", RoutePolicy(LLAMA_CPP, counted=True)),
        ("GET", "/v1/models", RoutePolicy(OPENAI)),
        ("GET", "/v1/models/sfm2:none", RoutePolicy(OPENAI)),
        *(("GET", path, RoutePolicy(SFM2, scope=KeyScope.STATS)) for path in ("/stats", "/metrics")),
        ("GET", "/admin/keys", RoutePolicy(SFM2, scope=KeyScope.ADMIN)),
        ("POST", "/admin/keys/0/rotate", RoutePolicy(SFM2, scope=KeyScope.ADMIN)),
        ("POST", "/feedback", RoutePolicy(SFM2)),
        *(("GET", path, PROBE) for path in ("/health", "/health/live", "/health/ready")),
        *(
            ("GET", path, OPEN)
            for path in ("/", "/page/index.html", "/docs", "/openapi.json", "/swagger/swagger-ui.css")
        ),
    ],
)
def test_each_route_has_its_policy(app: FastAPI, method: str, path: str, expected: RoutePolicy) -> None:
    assert policy(app, method, path) == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/generate", RoutePolicy(SFM2)),
        ("GET", "/v1/completions", RoutePolicy(OPENAI)),
        ("GET", "/infill", RoutePolicy(LLAMA_CPP)),
        ("POST", "/health", PROBE),
    ],
)
def test_another_method_is_not_counted(app: FastAPI, method: str, path: str, expected: RoutePolicy) -> None:
    assert policy(app, method, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/nowhere", SFM2), ("/v1", OPENAI), ("/v1/embeddings", OPENAI), ("/v10", SFM2), ("/infill/x", SFM2)],
)
def test_an_unknown_path_answers_in_the_protocol_that_owns_it(app: FastAPI, path: str, expected: object) -> None:
    assert policy(app, "POST", path) == RoutePolicy(expected, scope=None)  # type: ignore[arg-type]


def test_a_document_says_which_routes_need_a_key(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            assert ("security" in operation) is not policy(app, method.upper(), path).open, path


def test_browsers_may_read_what_any_protocol_declares(serving: Serving, tmp_path: Path) -> None:
    origin = "https://tools.example"
    with serving(api={"allowed_origins": [origin]}) as client:
        response = client.get("/health", headers={"Origin": origin})
    exposed = {name.strip().lower() for name in response.headers["access-control-expose-headers"].split(",")}
    declared = {name.lower() for protocol in (SFM2, OPENAI, LLAMA_CPP) for name in protocol.rate_headers}
    assert declared | {"retry-after", "x-request-id"} <= exposed
