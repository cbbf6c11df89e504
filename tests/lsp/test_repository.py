"""The repository that the editor works in: it is indexed, and shown to a server on another machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.testing import until
from tests.lsp.conftest import Open
from tests.lsp.editor import WAIT, end_of
from tests.repository.conftest import fill, git
from tests.repository.test_local import indexed
from tests.server.echoing import Echo, by_proxy, serving

pytestmark = pytest.mark.slow

MODEL, CHECKOUT = "shop/model.py", "checkout.py"
TEXT = "from shop.model import Cart, Item\n\n# echo:cart = Cart()"


@pytest.fixture(autouse=True)
def _as_the_language_server_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.repository.collection._FOLDER", "indexes")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = fill(tmp_path / "shop")
    git(root, "init", "--quiet")
    return root


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {"SFM2_REPOSITORY_ENABLED": "true", "SFM2_STORAGE_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    """A server that is reached by the name of another machine: as a proxy, which httpx asks for those."""
    with serving(tmp_path_factory.mktemp("elsewhere"), api={"host": "0.0.0.0"}) as echo:
        yield echo


def test_the_folders_that_the_editor_tells_are_indexed(
    opened: Open, echo: Echo, shop: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    with opened(echo.url, variables=variables, folders=[shop.as_uri(), (tmp_path / "none").as_uri()]):
        until(lambda: indexed(tmp_path, shop) == [CHECKOUT, MODEL], WAIT)


def test_so_is_the_repository_of_a_file_outside_of_them(
    opened: Open, echo: Echo, shop: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    with opened(echo.url, variables=variables) as editor:
        editor.open(TEXT, "untitled:Untitled-1")
        editor.open(TEXT, (tmp_path / "loose.py").as_uri())
        editor.open(TEXT, (shop / "new.py").as_uri())
        until(lambda: indexed(tmp_path, shop) == [CHECKOUT, MODEL], WAIT)
        assert editor.ghost(end_of(TEXT)) is not None
        assert echo.last.get("context", []) == []  # a server on this machine reads it itself
        assert editor.shown == []
    assert indexed(tmp_path, tmp_path / "loose.py") == []


def test_a_server_on_another_machine_is_sent_what_is_of_use(
    opened: Open, elsewhere: Echo, shop: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    with opened("http://gpu-server:8000", variables=variables | by_proxy(elsewhere)) as editor:
        editor.open(TEXT, (shop / "new.py").as_uri())
        until(lambda: indexed(tmp_path, shop) == [CHECKOUT, MODEL], WAIT)
        until(lambda: editor.ghost(end_of(TEXT)) is not None and elsewhere.last.get("context"), WAIT)
        assert MODEL in {one["path"] for one in elsewhere.last["context"]}
        assert elsewhere.last["path"] == "new.py"

        editor.set({"sfm2": {"exclude": ["**/model.py"]}})
        editor.replace("\n" + TEXT)  # another question
        assert editor.ghost(end_of("\n" + TEXT)) is not None
        assert MODEL not in {one["path"] for one in elsewhere.last.get("context", [])}
        assert editor.shown == []


def test_what_can_not_be_indexed_disturbs_nobody(
    opened: Open, echo: Echo, shop: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with opened(echo.url, TEXT, uri=(shop / "new.py").as_uri(), variables=variables) as editor:
        assert editor.ghost(end_of(TEXT)) is not None
        until(lambda: "indexing" in (tmp_path / "lsp.log").read_text(), WAIT)
        assert editor.shown == []
