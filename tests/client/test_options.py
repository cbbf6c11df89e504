"""What a client is made of: addresses, keys, limits, and the connections that clones share."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2 import APIConnectionError, InvalidRequestError, SFM2Client
from sfm2.client._options import Options
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.client.both import Blocking, Connect
from tests.server.live import live, settings_for

NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"api_url": "ftp://localhost"}, "api_url"),
        ({"api_url": "http://"}, "api_url"),
        ({"api_url": "http://[::1"}, "api_url"),
        ({"api_url": "http://host/?q=1"}, "api_url"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": None}, "timeout"),
        ({"max_retries": -1}, "max_retries"),
        ({"max_connections": 0}, "max_connections"),
        ({"enable_cache": True, "cache_ttl": 0}, "cache_ttl"),
        ({"enable_cache": True, "cache_size": 0}, "cache_size"),
        ({"api_key": "schluessel-é"}, "api_key"),
        ({"api_key": "schluessel\nX-Evil: 1"}, "api_key"),
    ],
)
def test_a_wrong_option_is_named_and_a_key_not_shown(connect: Connect, options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{name}: expected") as caught:
        connect(**options)
    assert "schluessel" not in caught.value.message


def test_a_clone_refuses_wrong_limits(connect: Connect) -> None:
    with pytest.raises(InvalidRequestError, match="timeout"):
        connect(NOBODY).with_options(timeout=0)


def test_a_clone_keeps_its_original_and_with_it_the_connections(echo_url: str) -> None:
    clone = SFM2Client(echo_url).with_options(timeout=3).with_options(max_retries=0)  # nobody else holds the first two
    gc.collect()
    assert clone.generate("x\necho:a").completion == "a"
    assert clone._options.timeout == 3
    clone.close()  # the connections are the original's to close
    assert clone.generate("x\necho:b").completion == "b"


def test_an_address_and_a_key_may_end_in_a_line_end(connect: Connect, tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path)
    _, key = Keys(store).create()
    store.close()
    with live(create_app(settings_for(tmp_path))) as server:
        client = connect(f" {server.base_url}\n", f"{key}\n")
        assert client.generate("x\necho:in").completion == "in"


def test_secrets_are_not_shown(connect: Connect) -> None:
    client = connect("http://me:secret@127.0.0.1:9", "sfm2_0_secret", max_retries=0)
    with pytest.raises(APIConnectionError) as caught:
        client.generate("x")
    inside = (client.client if isinstance(client, Blocking) else client)._options
    assert "secret" not in repr(client) + repr(inside) + str(caught.value)


def test_a_password_for_a_proxy_leaves_the_key_its_own_header() -> None:
    def headers(url: str) -> dict[str, str]:
        return Options.build(url, "k", 1, 0, False, 1, 1, 1, True).headers()

    assert headers("http://host")["Authorization"] == "Bearer k"
    assert "Authorization" not in headers("http://me:pw@host")
    assert headers("http://me:pw@host")["X-API-Key"] == "k"


def test_the_environments_proxy_is_for_other_machines(
    connect: Connect, echo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("ALL_PROXY", NOBODY)
    assert connect(echo_url, max_retries=0).generate("x\necho:a").completion == "a"


@pytest.mark.parametrize("keep_alive", [True, False])
def test_connections_are_kept_or_not(echo_url: str, keep_alive: bool) -> None:
    with SFM2Client(echo_url, keep_alive=keep_alive, max_connections=3) as client:
        client.generate("x")
        client.generate("x")
        pool: Any = client._http._transport_for_url(httpx.URL(echo_url))
        assert len(pool._pool.connections) == keep_alive


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"config": {"max_length": 3}}, "config: expected a GenerationConfig, not dict"),
        ({"stop": {"a"}}, "JSON cannot carry"),
    ],
)
def test_a_wrong_setting_is_refused_before_sending(connect: Connect, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        connect(NOBODY).generate("x", **settings)


def test_one_text_is_no_batch(connect: Connect) -> None:
    with pytest.raises(InvalidRequestError, match="prompts: expected a list"):
        connect(NOBODY).generate_batch("abc")


def test_an_infinite_number_is_refused_by_the_server(connect: Connect, echo_url: str) -> None:
    with pytest.raises(InvalidRequestError, match="NaN"):
        connect(echo_url).generate("x", temperature=float("nan"))


def test_text_of_all_kinds_arrives_whole(connect: Connect, echo_url: str) -> None:
    text = "π=3 \u2028 \x85 'é' \U0001f40d \\r {}"
    stream = connect(echo_url).generate_stream(f"x\necho:{text}")
    assert "".join(chunk.text for chunk in stream) == text
    assert stream.result is not None
    assert stream.result.completion == text


def test_a_short_wait_is_waited(connect: Connect, tmp_path: Path) -> None:
    with live(create_app(settings_for(tmp_path, limits={"rate": "1/second"}))) as server:
        client = connect(str(server.base_url), max_retries=3)
        assert [client.generate("x\necho:a").completion for _ in range(2)] == ["a", "a"]
