"""Whether an SFM-2 server is at an address."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from sfm2.types import Health, Probe

_TIMEOUT = httpx.Timeout(1.0, connect=0.3)  # seconds; a port that nobody listens on answers at once


def is_sfm2(url: str) -> bool:
    """Asks without a key: whoever has taken our port must not learn it."""
    # Not through a proxy: this is about a server on this machine.
    with httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as client:
        try:
            Probe.model_validate_json(client.get("/health/live").content)
            return "sfm2" in Health.model_validate_json(client.get("/health").content).model_status
        except (httpx.HTTPError, httpx.InvalidURL, ValidationError):
            return False
