"""Servers with the echo backend, and an environment of its own for clients whose packages don't go with ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sfm2.server.app import create_app
from tests.protocols import clients
from tests.server.conftest import client, serving, store_url
from tests.server.live import live, settings_for

__all__ = ["client", "serving", "store_url"]


@pytest.fixture(scope="session")
def others() -> clients.Others:
    """The unmodified litellm and lm-eval."""
    return clients.installed()


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a client is configured with: the address of a server on `echo`."""
    with live(create_app(settings_for(tmp_path_factory.mktemp("data")))) as client:
        yield f"{client.base_url}/v1"
