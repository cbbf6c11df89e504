"""The repository of the working directory: it is indexed, and cells are completed with what of it is of use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.testing import until
from tests.notebook.kernel import WAIT, Notebook, notebook
from tests.repository.conftest import fill, git
from tests.repository.test_local import indexed
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow

CELL = "%%sfm2\nfrom shop.model import Cart, Item\n# echo:cart = Cart()"


@pytest.fixture(autouse=True)
def _as_the_kernel_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.repository.collection._FOLDER", "indexes")


@pytest.fixture
def in_shop(echo: Echo, tmp_path: Path) -> Iterator[Notebook]:
    """A notebook in a repository."""
    git(fill(tmp_path / "shop"), "init", "--quiet")
    variables = {
        "SFM2_API_URL": echo.url,
        "SFM2_REPOSITORY_ENABLED": "true",
        "SFM2_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
    }
    with notebook(tmp_path / "shop", variables) as opened:
        yield opened


def sent(echo: Echo) -> set[str]:
    """The files of which the last request has code."""
    return {one["path"] for one in echo.last.get("context", [])}


def test_cells_are_completed_with_code_of_the_repository(in_shop: Notebook, echo: Echo, tmp_path: Path) -> None:
    until(lambda: "shop/model.py" in indexed(tmp_path, tmp_path / "shop"), WAIT)
    ran = in_shop.run(CELL)
    assert ran.next_input is not None
    assert ran.next_input["text"].endswith("\ncart = Cart()")
    assert "shop/model.py" in sent(echo)
    assert (echo.last["mode"], echo.last["temperature"]) == (
        "function",
        0.7,
    )  # as without: not those of an editor's call

    in_shop.run(CELL.replace("%%sfm2", "%%sfm2 --temperature 0 --mode line"))
    assert (echo.last["mode"], echo.last["temperature"]) == ("line", 0)

    in_shop.run(CELL.replace("%%sfm2", "%%sfm2 --context off"))
    assert "prompt" in echo.last  # the cell alone


def test_a_folder_without_a_repository_is_as_before(fresh: Notebook, echo: Echo) -> None:
    assert fresh.run(CELL).next_input is not None
    assert "prompt" in echo.last


def test_a_folder_that_is_gone_disturbs_nobody(in_shop: Notebook, echo: Echo) -> None:
    in_shop.run("import os, tempfile; os.chdir(tempfile.mkdtemp()); os.rmdir(os.getcwd())")
    assert in_shop.run(CELL).next_input is not None
    assert "prompt" in echo.last


def test_the_extension_can_be_unloaded(in_shop: Notebook, tmp_path: Path) -> None:
    until(lambda: "shop/model.py" in indexed(tmp_path, tmp_path / "shop"), WAIT)
    assert in_shop.run(CELL).status == "ok"
    assert in_shop.run("%unload_ext sfm2").status == "ok"
    watching = "[t.name for t in __import__('threading').enumerate() if t.name == 'index-watcher']"
    assert in_shop.run(watching).displayed[0]["text/plain"] == "[]"
