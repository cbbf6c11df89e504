"""Servers with the echo backend, and their stores."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sfm2.core import AsyncModelManager
from sfm2.server.app import create_app
from sfm2.server.usage.opening import store_of
from sfm2.server.usage.tables import StoreTables
from tests.server.live import Serving, live, settings_for

if TYPE_CHECKING:
    from tests.server.valkey_server import RunningValkey


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that are marked `both_stores` run with each."""
    if metafunc.definition.get_closest_marker("both_stores"):
        metafunc.parametrize("store_url", ["sqlite", "valkey"], indirect=True)


@pytest.fixture(scope="session")
def shared_valkey() -> Iterator[RunningValkey]:
    """A Valkey server for all tests that harm it not."""
    from tests.server.valkey_server import RunningValkey

    with tempfile.TemporaryDirectory() as folder:  # pytest's own are too deep for a Unix socket on some systems.
        server = RunningValkey(Path(folder), "--appendfsync", "no")
        yield server
        server.kill()


@pytest.fixture
def valkey_url(shared_valkey: RunningValkey) -> str:
    """An empty store in Valkey."""
    shared_valkey.command("FLUSHALL")
    return shared_valkey.url


@pytest.fixture
def store_url(request: pytest.FixtureRequest) -> str | None:
    """`storage.url`: none, unless the test is marked `both_stores`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    url: str = request.getfixturevalue("valkey_url")
    return url


@pytest.fixture
def store(tmp_path: Path, store_url: str | None) -> Iterator[StoreTables]:
    """The store of `serving`."""
    store = store_of(settings_for(tmp_path, store_url).storage)
    yield store
    store.close()


@pytest.fixture
def serving(tmp_path: Path, store_url: str | None) -> Serving:
    """`with serving(limits={"rate": "2/second"}, backends=[...]) as client:`"""

    @contextmanager
    def serve(backends: Any = None, manager: Any = None, **sections: dict[str, Any]) -> Iterator[httpx.Client]:
        settings = settings_for(tmp_path, store_url, **sections)
        with live(create_app(settings, manager or AsyncModelManager(settings, backends))) as client:
            yield client

    return serve


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with small limits, shared by a module's tests."""
    settings = settings_for(
        tmp_path_factory.mktemp("data"),
        limits={"max_body": 100_000, "max_prompt": 5_000, "max_batch": 8},
        generation={"max_length": 500},
    )
    with live(create_app(settings)) as client:
        yield client
