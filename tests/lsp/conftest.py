"""A live server with the echo backend, which says the last line's `echo:TEXT` back, and what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfm2.server.app import create_app
from tests.conftest import clean_environment
from tests.lsp.editor import Editor, editing
from tests.server.live import live, settings_for

Open = Callable[..., AbstractContextManager[Editor]]


@dataclass
class Echo:
    """A server. `left` counts requests whose client did not wait for the answer."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0

    @property
    def last(self) -> dict[str, Any]:
        return self.asked[-1]


class Recording:
    def __init__(self, app: ASGIApp, echo: Echo) -> None:
        self._app = app
        self._echo = echo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False
        body = b""

        async def recorded() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request":
                body += message["body"]
                if body and not message["more_body"]:
                    kept = self._echo.feedback if scope["path"] == "/feedback" else self._echo.asked
                    kept.append(json.loads(body))
                    body = b""
            elif message["type"] == "http.disconnect" and not answered:
                self._echo.left += 1
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._app(scope, recorded, sent)


@contextmanager
def serving(folder: Path, **sections: dict[str, Any]) -> Iterator[Echo]:
    echo = Echo()
    app = create_app(settings_for(folder, **sections))
    app.add_middleware(Recording, echo=echo)
    with live(app) as client:
        echo.url = str(client.base_url)
        yield echo


@pytest.fixture(scope="session")
def shared_echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    with serving(tmp_path_factory.mktemp("echo")) as echo:
        yield echo


@pytest.fixture
def echo(shared_echo: Echo) -> Echo:
    """As if it were fresh."""
    shared_echo.asked.clear()
    shared_echo.feedback.clear()
    shared_echo.left = 0
    return shared_echo


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """`with opened(url, ...) as editor`: greeted, with a document open if `text` is given."""

    @contextmanager
    def greeted(
        url: str,
        text: str | None = None,
        *arguments: str,
        variables: dict[str, str] | None = None,
        uri: str | None = None,
        language: str = "python",
        **greeting: Any,
    ) -> Iterator[Editor]:
        environment = clean_environment(tmp_path, {"SFM2_API_URL": url, **(variables or {})})
        with editing(environment, tmp_path / "lsp.log", *arguments) as editor:
            editor.initialize(**greeting)
            if text is not None:
                editor.open(text, uri, language)
            yield editor

    return greeted


@pytest.fixture(scope="session")
def shared_editor(shared_echo: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("lsp")
    environment = clean_environment(folder, {"SFM2_API_URL": shared_echo.url})
    with editing(environment, folder / "lsp.log") as editor:
        editor.initialize()
        yield editor


@pytest.fixture
def editor(shared_editor: Editor, echo: Echo) -> Editor:
    """With ghost text, and nothing open yet; as if it were fresh."""
    shared_editor.set({"sfm2": {}})
    shared_editor.uri = f"file:///home/me/{uuid4().hex}/main.py"
    shared_editor.shown.clear()
    return shared_editor
