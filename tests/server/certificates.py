"""Certificates, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1; its key is beside it, as key.pem."""
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sfm2"]
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(folder / "certificate.pem"), "-keyout", str(folder / "key.pem")]
    subprocess.run(["openssl", *made, *name, *files], check=True, capture_output=True)
    return folder / "certificate.pem"
