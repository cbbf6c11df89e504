"""A kernel beside a live server with the echo backend, which says the last line's `echo:TEXT` back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfm2.server.app import create_app
from tests.notebook.kernel import Notebook, notebook
from tests.server.live import live, settings_for


@dataclass
class Echo:
    """A server, and what it was asked."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def last(self) -> dict[str, Any]:
        return self.bodies[-1]


class Recording:
    """Middleware that keeps the JSON bodies which come in."""

    def __init__(self, app: ASGIApp, bodies: list[dict[str, Any]]) -> None:
        self._app = app
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def recorded() -> Message:
            message = await receive()
            if message["type"] == "http.request" and message["body"]:
                self._bodies.append(json.loads(message["body"]))
            return message

        await self._app(scope, recorded, send)


@contextmanager
def serving(folder: Path, **sections: dict[str, Any]) -> Iterator[Echo]:
    echo = Echo()
    app = create_app(settings_for(folder, **sections))
    app.add_middleware(Recording, bodies=echo.bodies)
    with live(app) as client:
        echo.url = str(client.base_url)
        yield echo


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    with serving(tmp_path_factory.mktemp("echo")) as echo:
        yield echo


@pytest.fixture(scope="module")
def shared(echo: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """One kernel for a module's tests, which leave no mark on each other: nothing of earlier cells is sent."""
    with notebook(tmp_path_factory.mktemp("kernel"), {"SFM2_API_URL": echo.url}) as opened:
        assert opened.run("%sfm2 config context off").status == "ok"
        yield opened


@pytest.fixture
def fresh(echo: Echo, tmp_path: Path) -> Iterator[Notebook]:
    """A kernel of its own."""
    with notebook(tmp_path / "kernel", {"SFM2_API_URL": echo.url}) as opened:
        yield opened
