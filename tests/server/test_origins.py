"""CORS: which web pages may call the service."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sfm2.config import load
from sfm2.errors import ConfigError
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.server.live import Serving

TOOLS = "https://tools.example"
PREFLIGHT = {
    "Origin": TOOLS,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


def test_other_origins_may_not_call_by_default(client: httpx.Client) -> None:
    response = client.post("/generate", json={"prompt": "x"}, headers={"Origin": TOOLS})
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert client.options("/generate", headers=PREFLIGHT).status_code == 405


def test_a_page_that_is_named_may_ask_and_read_errors(serving: Serving) -> None:
    with serving(api={"allowed_origins": [TOOLS]}) as client:
        asked = client.options("/generate", headers=PREFLIGHT)
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == TOOLS
        assert asked.headers["access-control-allow-headers"] == "authorization,content-type"
        answered = client.post("/generate", json={"prompt": "x"}, headers={"Origin": TOOLS})
        refused = client.post("/generate", json={"prompt": 1}, headers={"Origin": TOOLS})
        assert (answered.status_code, refused.status_code) == (200, 422)
        for response in (answered, refused):
            assert response.headers["access-control-allow-origin"] == TOOLS
            assert "X-Request-ID" in response.headers["access-control-expose-headers"]


def test_another_may_not(serving: Serving) -> None:
    with serving(api={"allowed_origins": [TOOLS]}) as client:
        elsewhere = {**PREFLIGHT, "Origin": "https://evil.example"}
        assert client.options("/generate", headers=elsewhere).status_code == 400
        response = client.post("/generate", json={"prompt": "x"}, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in response.headers


def test_a_page_may_say_how_long_it_waits(serving: Serving) -> None:
    with serving(api={"allowed_origins": [TOOLS]}) as client:
        wanted = {**PREFLIGHT, "Access-Control-Request-Headers": "content-type,x-request-timeout"}
        assert client.options("/generate", headers=wanted).headers["access-control-allow-headers"] == (
            "content-type,x-request-timeout"
        )


def test_a_preflight_needs_no_key_and_the_request_does(serving: Serving, tmp_path: Path) -> None:
    Keys(Store.in_folder(tmp_path)).create()
    with serving(api={"allowed_origins": ["*"]}) as client:
        assert client.options("/generate", headers=PREFLIGHT).status_code == 200
        refused = client.post("/generate", json={"prompt": "x"}, headers={"Origin": TOOLS})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "*"


def test_a_stream_carries_the_header(serving: Serving) -> None:
    with (
        serving(api={"allowed_origins": [TOOLS]}) as client,
        client.stream("POST", "/generate/stream", json={"prompt": "x"}, headers={"Origin": TOOLS}) as response,
    ):
        assert response.headers["access-control-allow-origin"] == TOOLS
        assert "event: done" in "".join(response.iter_text())


def test_origins_are_named_as_browsers_send_them() -> None:
    environment = {"SFM2_API_ALLOWED_ORIGINS": "https://Tools.example/, http://localhost:5173"}
    assert load(environment=environment).settings.api.allowed_origins == (TOOLS, "http://localhost:5173")


@pytest.mark.parametrize("wrong", ["tools.example", "https://tools.example/page", "https://"])
def test_a_wrong_origin_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="allowed_origins"):
        load({"api.allowed_origins": [wrong]}, environment={})
