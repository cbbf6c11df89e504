"""`sfm2 complete` in a git repository: it is indexed for the next time, and shown to a server on another machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from sfm2.testing import until
from tests.cli.conftest import SFM2, WAIT, Sfm2
from tests.repository.conftest import fill, git
from tests.repository.test_local import indexed
from tests.server.echoing import Echo, by_proxy, serving

pytestmark = pytest.mark.slow

FILES = ["checkout.py", "new.py", "shop/model.py"]


@pytest.fixture(autouse=True)
def _as_the_command_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.repository.collection._FOLDER", "indexes")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """With a file to complete."""
    root = fill(tmp_path / "shop")
    git(root, "init", "--quiet")
    (root / "new.py").write_text("from shop.model import Cart, Item\n\n# echo:cart = Cart()\n")
    return root


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    """A server that is reached by the name of another machine: as a proxy, which httpx asks for those."""
    with serving(tmp_path_factory.mktemp("elsewhere"), api={"host": "0.0.0.0"}) as echo:
        yield echo


def test_the_first_time_is_not_slower_and_the_next_one_knows_the_repository(
    sfm2: Sfm2, shop: Path, tmp_path: Path
) -> None:
    first = sfm2("complete", "shop/new.py:3")
    assert (first.returncode, first.stdout, first.stderr) == (0, "cart = Cart()\n", "")
    until(lambda: indexed(tmp_path, shop) == FILES, WAIT)
    assert sfm2("complete", "shop/new.py:3").stdout == "cart = Cart()\n"


@pytest.mark.parametrize("variables", [{"SFM2_REPOSITORY_AUTOMATIC": "false"}, {"SFM2_REPOSITORY_ENABLED": "false"}])
def test_unless_it_is_not_wanted(sfm2: Sfm2, shop: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    assert sfm2("complete", "shop/new.py:3", **variables).returncode == 0
    assert not (tmp_path / "cache" / "indexes").exists()


def test_what_is_in_no_repository_stays_unknown(sfm2: Sfm2, tmp_path: Path) -> None:
    (tmp_path / "loose.py").write_text("# echo:x = 1\n")
    assert sfm2("complete", "loose.py:1").returncode == 0
    assert sfm2("complete", "-", "--line", "1", stdin="# echo:x = 1\n").returncode == 0
    assert not (tmp_path / "cache" / "indexes").exists()


def test_an_answer_does_not_wait_for_an_index_that_is_being_made(
    sfm2: Sfm2, environment: dict[str, str], shop: Path, tmp_path: Path
) -> None:
    subprocess.run([*SFM2, "index", "add", str(shop)], env=environment, check=True, capture_output=True)
    (file,) = (tmp_path / "cache" / "indexes").glob("*.db")
    with FileLock(f"{file}.lock"):
        assert sfm2("complete", "shop/new.py:3").stdout == "cart = Cart()\n"


def test_a_server_on_another_machine_is_sent_what_is_of_use(
    sfm2: Sfm2, environment: dict[str, str], elsewhere: Echo, shop: Path
) -> None:
    subprocess.run([*SFM2, "index", "add", str(shop)], env=environment, check=True, capture_output=True)
    arguments = ("complete", "shop/new.py:3", "--json", "--api-url", "http://gpu-server:8000")
    answer = json.loads(sfm2(*arguments, **by_proxy(elsewhere)).stdout)
    assert answer["completion"] == "cart = Cart()"
    assert "shop/model.py" in {one["path"] for one in elsewhere.last["context"]}
    assert "new.py" not in {one["path"] for one in elsewhere.last["context"]}

    sfm2(*arguments, SFM2_REPOSITORY_TOKENS="0", **by_proxy(elsewhere))
    assert elsewhere.last.get("context", []) == []
    sfm2("complete", "shop/new.py:3", "--api-url", elsewhere.url)
    assert elsewhere.last.get("context", []) == []  # on this machine it reads the index itself
