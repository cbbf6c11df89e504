"""HTTPS, with certificates that openssl makes."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from sfm2.client import SFM2Client
from sfm2.errors import APIConnectionError, ConfigError
from sfm2.server.serve import build
from sfm2.testing import serve
from tests.server.certificates import self_signed
from tests.server.live import settings_for


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1; the key is beside it."""
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_a_client_that_trusts_the_certificate_is_answered(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = {"certificate": certificate, "key": certificate.with_name("key.pem")}
    with serve(settings_for(tmp_path, api={"tls": tls})) as server:
        assert server.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=certificate)
        assert httpx.get(f"{server.url}/health/live", verify=trusting).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/health/live")
        with SFM2Client(server.url, max_retries=0) as client, pytest.raises(APIConnectionError):
            client.health()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with SFM2Client(server.url) as client:
            assert client.health().status == "healthy"


def test_certificate_and_key_may_be_in_one_file(tmp_path: Path, certificate: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + certificate.with_name("key.pem").read_bytes())
    with serve(settings_for(tmp_path, api={"tls": {"certificate": both}})) as server:
        verified = ssl.create_default_context(cafile=certificate)
        assert httpx.get(f"{server.url}/health/live", verify=verified).status_code == 200


@pytest.mark.parametrize("wrong", ["nowhere", "no key", "no certificate", "another's key", "password"])
def test_what_can_not_be_used_is_reported_before_serving(tmp_path: Path, certificate: Path, wrong: str) -> None:
    key = certificate.with_name("key.pem")
    odd = tmp_path / "odd.pem"
    if wrong == "another's key":
        subprocess.run(["openssl", "genrsa", "-out", str(odd), "2048"], check=True, capture_output=True)
    elif wrong == "password":
        locked = ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", str(key), "-out", str(odd)]
        subprocess.run(locked, check=True, capture_output=True)
    else:
        odd.write_text("x", encoding="utf-8")
    tls = {
        "nowhere": {"certificate": tmp_path / "nowhere.pem"},
        "no key": {"certificate": certificate},
        "no certificate": {"certificate": odd, "key": key},
        "another's key": {"certificate": certificate, "key": odd},
        "password": {"certificate": certificate, "key": odd},
    }[wrong]
    with pytest.raises(ConfigError, match=r"api\.tls"):
        build(settings_for(tmp_path, api={"tls": tls}))
