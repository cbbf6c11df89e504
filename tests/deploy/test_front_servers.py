"""nginx and Caddy in front of a live server, as deploy/ has them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sfm2.core import AsyncModelManager
from sfm2.server.app import create_app
from sfm2.sse import Decoder
from sfm2.testing import ScriptedBackend, serve, until
from tests.deploy.tools import DEPLOY, said_by, tool
from tests.server.certificates import self_signed
from tests.server.live import settings_for

pytestmark = pytest.mark.slow
OTHER = "127.0.0.2"  # a stranger's address: 127.0.0.1 is the proxy's


@contextmanager
def nginx(upstream: str, folder: Path) -> Iterator[tuple[str, str]]:
    """deploy/nginx.conf in front of `upstream`; its addresses with TLS and without.

    The ports are bound here and handed over, as nginx hands them to its successor.
    """
    program = tool("nginx")
    certificate = self_signed(folder)
    with socket.create_server(("127.0.0.1", 0)) as secure, socket.create_server(("127.0.0.1", 0)) as plain:
        ports = [one.getsockname()[1] for one in (secure, plain)]
        site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for there, here in {
            "127.0.0.1:8000": upstream,
            "/etc/ssl/sfm2/fullchain.pem": str(certificate),
            "/etc/ssl/sfm2/privkey.pem": str(certificate.with_name("key.pem")),
            "listen 443": f"listen 127.0.0.1:{ports[0]}",
            "listen 80": f"listen 127.0.0.1:{ports[1]}",
        }.items():
            assert there in site
            site = site.replace(there, here)
        site = re.sub(r"listen \[::\].*\n", "\n", site)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        whole = f"{user} daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {places} {site} }}"
        (folder / "nginx.conf").write_text(whole, encoding="utf-8")
        inherited = [one.fileno() for one in (secure, plain)]
        process = subprocess.Popen(
            [program, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"],
            env={**os.environ, "NGINX": "".join(f"{one};" for one in inherited)},
            pass_fds=inherited,
        )
    try:
        until((folder / "pid").is_file, what=lambda: (folder / "error.log").read_text(encoding="utf-8"))
        yield f"https://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def client_of(url: str, folder: Path, address: str = OTHER) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=folder / "certificate.pem")
    transport = httpx.HTTPTransport(verify=trusting, local_address=address)
    with httpx.Client(base_url=url, transport=transport, timeout=20) as client:
        yield client


def test_tls_ends_at_nginx_and_who_is_behind_it_is_known(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path / "data",
        api={"trusted_proxies": ["127.0.0.1"]},
        limits={"rate": "1/hour", "max_connections_per_address": 1},
    )
    with (
        serve(settings) as server,
        nginx(urlsplit(server.url).netloc, tmp_path) as (url, plain),
        client_of(url, tmp_path) as client,
        client_of(url, tmp_path, "127.0.0.3") as another,
    ):
        ask = {"prompt": "# echo:x"}
        assert client.get("/health/ready").json()["status"] == "ok"
        assert client.post("/generate", json=ask).status_code == 200
        forging = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.10"}
        assert client.post("/generate", json=ask, headers=forging).status_code == 429
        assert another.post("/generate", json=ask).status_code == 200
        moved = httpx.get(f"{plain}/docs", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (301, "https://127.0.0.1/docs")


def test_nginx_passes_a_streams_events_when_they_come(tmp_path: Path) -> None:
    """The model waits until the first event has been read: behind a proxy that gathers, both wait for ever."""
    read = threading.Event()
    backend = ScriptedBackend("sfm2", "first\n", "second\n", lambda: asyncio.to_thread(read.wait, 20), "third\n")
    settings = settings_for(tmp_path / "data", api={"trusted_proxies": ["127.0.0.1"]})
    app = create_app(settings, AsyncModelManager(settings, [backend]))
    with (
        serve(app) as server,
        nginx(urlsplit(server.url).netloc, tmp_path) as (url, _),
        client_of(url, tmp_path) as client,
        client.stream("POST", "/generate/stream", json={"prompt": "a list:\n", "language": "text"}) as stream,
    ):
        decoder, texts = Decoder(), []
        for data in stream.iter_bytes():
            for event in decoder.feed(data):
                texts.append(str(json.loads(event.data).get("text", "")))
                assert len(texts) > 1 or not read.is_set()
                read.set()
    assert len(texts) > 2
    assert "first" in "".join(texts)


def test_a_body_that_is_too_large_is_refused_in_our_words(tmp_path: Path) -> None:
    with (
        serve(settings_for(tmp_path / "data")) as server,
        nginx(urlsplit(server.url).netloc, tmp_path) as (url, _),
        client_of(url, tmp_path) as client,
    ):
        answered = client.post("/generate", json={"prompt": "x" * 2_100_000})
    assert (answered.status_code, answered.json()["error"]) == (413, "payload_too_large")


def test_caddy_takes_its_file_and_passes_streams_unbuffered() -> None:
    adapted = json.loads(said_by(tool("caddy"), "adapt", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile"))
    assert '"flush_interval": -1' in json.dumps(adapted)
    said_by(tool("caddy"), "validate", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile")
