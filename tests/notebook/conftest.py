"""A kernel beside a live server that says back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.kernel import Notebook, notebook
from tests.server.echoing import Echo, serving


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
