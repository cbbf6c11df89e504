"""Health and readiness when a backend can't answer."""

from __future__ import annotations

import pytest

from sfm2.backends.echo import Echo
from sfm2.types import BackendHealth, BackendStatus
from tests.server.live import Serving


class In(Echo):
    """Echo, said to be in some status."""

    def __init__(self, status: BackendStatus, name: str = "echo") -> None:
        super().__init__()
        self.name = name
        self._health = BackendHealth(status=status, reason=f"because it is {status}")

    async def health(self) -> BackendHealth:
        return self._health


@pytest.mark.parametrize(
    ("first", "second", "health", "ready", "reason"),
    [
        (BackendStatus.AVAILABLE, BackendStatus.UNAVAILABLE, 200, 200, None),
        (BackendStatus.UNAVAILABLE, BackendStatus.CONFIGURED, 200, 200, None),
        (BackendStatus.LOADING, BackendStatus.CONFIGURED, 200, 503, "loading: sfm2: because it is loading"),
        (BackendStatus.LOADING, BackendStatus.NOT_CONFIGURED, 200, 503, "loading: sfm2: because it is loading"),
        (BackendStatus.UNAVAILABLE, BackendStatus.NOT_CONFIGURED, 503, 503, "sfm2: because it is unavailable"),
    ],
)
def test_readiness_follows_the_chain(
    serving: Serving, first: BackendStatus, second: BackendStatus, health: int, ready: int, reason: str | None
) -> None:
    backends = [In(first, "sfm2"), In(second, "openai")]
    with serving(backends=backends, fallback={"chain": ["sfm2", "openai"]}) as client:
        assert client.get("/health").status_code == health
        assert client.get("/health").json()["model_status"]["sfm2"] == first
        response = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert response.status_code == ready
    assert response.json()["status"] == ("unavailable" if reason else "ok")
    assert reason is None or reason in response.json()["reason"]
