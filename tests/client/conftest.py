from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sfm2.server.app import create_app
from tests.client.both import Connect, connectors
from tests.server.live import live, settings_for


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Builds a client, blocking or asyncio's; closed afterwards."""
    for name in ("SFM2_API_URL", "SFM2_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        yield connectors(stack.callback)[request.param]


@pytest.fixture(scope="session")
def echo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service on the echo backend."""
    with live(create_app(settings_for(tmp_path_factory.mktemp("echo")))) as client:
        yield str(client.base_url)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path
