"""DNS rebinding: host names other than this machine's are refused, unless keys protect the server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.server.live import Serving


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1", "127.0.0.2:80", "[::1]:8000"]
)
def test_names_of_this_machine_are_welcome(client: httpx.Client, host: str) -> None:
    assert client.get("/stats", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.0.2.1", "[::2]"]
)
def test_other_names_are_refused(client: httpx.Client, host: str) -> None:
    response = client.post("/generate", json={"prompt": "x"}, headers={"Host": host})
    assert (response.status_code, response.json()["error"]) == (400, "malformed_request")
    assert "Host" in response.json()["message"]


def test_keys_protect_enough(serving: Serving, tmp_path: Path) -> None:
    _, key = Keys(Store.in_folder(tmp_path)).create()
    with serving() as client:
        headers = {"Host": "code.example", "X-API-Key": key}
        assert client.post("/generate", json={"prompt": "x"}, headers=headers).status_code == 200


def test_beyond_loopback_any_name_may_be_right(serving: Serving) -> None:
    with serving(api={"host": "0.0.0.0"}) as client:
        assert client.get("/stats", headers={"Host": "code.example"}).status_code == 200
