"""Servers with the echo backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.core import AsyncModelManager
from sfm2.server.app import create_app
from tests.server.live import Serving, live, settings_for


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """`with serving(limits={"rate": "2/second"}, backends=[...]) as client:`"""

    @contextmanager
    def serve(backends: Any = None, manager: Any = None, **sections: dict[str, Any]) -> Iterator[httpx.Client]:
        settings = settings_for(tmp_path, **sections)
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
