"""An editor beside a live server that says back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import clean_environment
from tests.lsp.editor import Editor, editing
from tests.server.echoing import Echo, serving

Open = Callable[..., AbstractContextManager[Editor]]


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
