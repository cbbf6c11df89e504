"""`sfm2 index`, as a person or a program calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.cli.conftest import Sfm2
from tests.repository.conftest import fill, git

pytestmark = pytest.mark.slow


def commit(root: Path) -> Path:
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Next")
    return root


def test_a_repository_is_indexed_shown_and_forgotten(sfm2: Sfm2, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / "inner").mkdir(parents=True)
    (folder / "cart.py").write_text("class Cart:\n    def add(self): ...\n")

    assert sfm2("index", "list").stderr.startswith("There is none.")
    added = sfm2("index", "add", "shop")
    assert added.returncode == 0
    assert "1 files, 3 lines" in added.stderr
    assert sfm2("index", "list").stdout == f"{folder.resolve()}\n"
    (found,) = json.loads(sfm2("index", "list", "--json").stdout)
    assert (found["folder"], found["exists"]) == (str(folder.resolve()), True)

    shown = json.loads(sfm2("index", "status", "shop/inner", "--json").stdout)
    assert (shown["files"], shown["lines"], shown["definitions"]) == (1, 3, 2)
    assert "Definitions" in sfm2("index", "status", "shop").stdout

    assert sfm2("index", "rm", "shop").returncode == 0
    assert sfm2("index", "list").stdout == ""
    assert [file.suffix for file in (tmp_path / "cache" / "indexes").iterdir()] == [".removed"]


def test_a_repository_elsewhere_is_fetched_brought_up_to_date_and_forgotten(sfm2: Sfm2, tmp_path: Path) -> None:
    url = f"file://{commit(fill(tmp_path / 'shop'))}"
    added = sfm2("index", "add", url)
    assert f"Indexed {url}: 2 files" in added.stderr
    (tmp_path / "shop" / "news.py").write_text("x = 1\n")
    commit(tmp_path / "shop")
    assert f"Indexed {url}: 3 files" in sfm2("index", "add", f"{url}/").stderr

    assert sfm2("index", "list").stdout == f"{url}\n"
    (found,) = json.loads(sfm2("index", "list", "--json").stdout)
    assert (found["url"], found["exists"], found["readers"]) == (url, True, None)
    assert f"From         {url}\n" in sfm2("index", "status", url).stdout
    assert sfm2("index", "status", found["folder"]).stdout == sfm2("index", "status", url).stdout

    removed = sfm2("index", "rm", url)
    assert removed.stderr == f"Removed the index of {url}.\n"
    assert not Path(found["folder"]).exists()
    assert (tmp_path / "shop" / "news.py").exists()
    assert sfm2("index", "list").stdout == ""


def test_a_repository_is_for_the_keys_that_are_named(sfm2: Sfm2, tmp_path: Path) -> None:
    root = fill(tmp_path / "shop")
    keys = Keys(Store.in_folder(tmp_path / "data"))
    ids = {name: keys.create(name)[0].id for name in ("ada", "bob", "eve", "eve", "")}

    added = sfm2("index", "add", "shop", "--key", "bob", "--key", ids["ada"])
    assert added.stderr.endswith("Only these keys are shown its code: ada, bob.\n")
    assert sfm2("index", "add", "shop").stderr.endswith("Only these keys are shown its code: ada, bob.\n")
    assert sfm2("index", "list").stdout == f"{root}  (only ada, bob)\n"
    (found,) = json.loads(sfm2("index", "list", "--json").stdout)
    assert {one["name"]: (one["id"], one["state"]) for one in found["readers"]} == {
        name: (ids[name], "active") for name in ("ada", "bob")
    }
    assert "Shown to     ada, bob" in sfm2("index", "status", "shop").stdout

    keys.revoke(ids["ada"])
    assert sfm2("index", "readers", "shop").stdout == f"{root}: ada (revoked), bob\n"
    assert sfm2("index", "readers", "shop", "--key", "bob").stdout == f"{root}: bob\n"
    for name, said in [
        ("ada", "there is no key 'ada' that works"),
        ("eve", "2 keys are called 'eve'"),
        ("", "no key ''"),
    ]:
        ran = sfm2("index", "readers", "shop", "--key", name)
        assert ran.returncode != 0
        assert said in ran.stderr
    assert sfm2("index", "readers", "shop").stdout == f"{root}: bob\n"

    assert "is remembered" in sfm2("index", "rm", "shop").stderr
    assert sfm2("index", "add", "shop").stderr.endswith("Only these keys are shown its code: bob.\n")
    assert sfm2("index", "readers", "shop", "--everybody").stdout == f"{root}: everybody who may ask\n"
    assert sfm2("index", "list").stdout == f"{root}\n"


def test_what_is_wrong_with_an_address_or_a_key_leaves_nothing(sfm2: Sfm2, tmp_path: Path) -> None:
    for arguments, said in [
        (["add", "--", "--upload-pack=touch made"], "it is no address"),
        (["add", "ext::sh -c 'touch made'"], "only https, ssh and file are fetched from"),
        (["status", "https://ada:s3cret@git.example.com/shop.git"], "https://git.example.com/shop.git has no index"),
        (
            ["rm", "https://ada:s3cret@git.example.com/shop.git"],
            "There is no index of https://git.example.com/shop.git",
        ),
        (["readers", ".", "--key", "ada", "--everybody"], "exclude each other"),
    ]:
        ran = sfm2("index", *arguments)
        assert ran.returncode != 0
        assert said in ran.stderr
        assert "hint: " in ran.stderr
        assert "s3cret" not in ran.stderr
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "cache").exists()


def test_what_is_wrong_is_said(sfm2: Sfm2, tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("x = 1\n")
    for command, folder, said in [
        ("add", "none", "there is no such folder"),
        ("add", "file.py", "is a file, not a folder"),
        ("status", ".", "is in no folder that has an index"),
        ("rm", ".", "There is no index of"),
    ]:
        ran = sfm2("index", command, folder)
        assert ran.returncode != 0
        assert said in ran.stderr
        assert "hint: " in ran.stderr
