"""What an index tells of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.repository.contents import Import
from sfm2.repository.index import RepositoryIndex
from tests.repository.conftest import CHECKOUT, SHOP, Opens, git

PARTS = (
    SHOP,
    CHECKOUT,
    CHECKOUT.split("\n")[0],
    "total = 3",
    "class Box:\n    cents = 1\n    total = 2\n",
    "# Item",
    "",
)


def test_it_has_the_files_with_their_texts(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    assert index.paths() == ["checkout.py", "shop/model.py"]
    assert index.text("shop/model.py") == SHOP
    assert index.text("shop/none.py") is None


def test_it_knows_where_names_are_defined(repository: Path, indexed: Opens) -> None:
    found = indexed(repository).definitions_of(["Item", "append_line", "nothing"])
    assert [(one.name, one.kind, one.parent) for one in found] == [
        ("Item", "class", ""),
        ("append_line", "method", "Cart"),
    ]
    item, line = (one.passage for one in found)
    assert (item.path, item.first, item.last) == ("shop/model.py", 6, 14)
    assert item.text.startswith("@dataclass\nclass Item:")
    assert item.text.endswith("(1 + tax_rate))")
    assert line.text == "    def append_line(self, item: Item) -> None:\n        self.lines.append(item)"


def test_it_knows_what_a_file_defines_and_imports(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    assert [one.name for one in index.definitions_in("shop/model.py")] == [
        "Item", "name", "cents", "gross", "Cart", "append_line"
    ]  # fmt: skip
    assert index.imports("checkout.py") == [Import("shop.model", ("Cart", "Item"), 1), Import("math", (), 5)]


def test_words_find_passages_by_parts_of_their_identifiers(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    passage, score = index.search(["taxRate", "gross"])[0]
    assert passage.path == "shop/model.py"
    assert "tax_rate" in passage.text
    assert score > 0
    assert index.search(["nowhere"]) == index.search([]) == index.search(["return"]) == []


def test_lines_in_common_find_files_and_rare_lines_count_more(repository: Path, indexed: Opens) -> None:
    for number in range(5):
        (repository / f"part{number}.py").write_text("import os_common\nimport everywhere\n")
    index = indexed(repository)
    lines = ["def total_price(cart: Cart) -> int:", "    import os_common", "import everywhere", "x"]
    assert index.with_lines(lines)[0] == ("checkout.py", 1)
    assert index.with_lines(lines, limit=2)[1] == ("part0.py", 2)


def test_every_line_is_in_one_passage(repository: Path, indexed: Opens) -> None:
    passages = indexed(repository).passages("checkout.py")
    assert [line for one in passages for line in one.text.split("\n") if line] == [x for x in CHECKOUT.split("\n") if x]


def test_an_update_takes_in_what_was_saved_added_and_deleted(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    (repository / "checkout.py").write_text("def other_name(): ...\n")
    (repository / "new.py").write_text("class Fresh: ...\n")
    (repository / "shop" / "model.py").unlink()
    update = index.update()
    assert (update.added, update.changed, update.removed, update.lines) == (1, 1, 1, 4)
    assert index.paths() == ["checkout.py", "new.py"]
    assert [one.name for one in index.definitions_of(["Item", "total_price", "Fresh", "other_name"])] == [
        "Fresh",
        "other_name",
    ]
    assert index.search(["cents"]) == []
    assert index.with_lines(SHOP.split("\n")) == []
    assert index.update()[:4] == (0, 0, 0, 0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=6), min_size=1, max_size=5))
def test_after_any_saves_it_is_as_if_it_were_new(
    tmp_path_factory: pytest.TempPathFactory, saves: list[list[str]]
) -> None:
    """A save writes only what differs: passages that moved, came twice or went are found as in an index of the last text."""
    work = tmp_path_factory.mktemp("saves")
    (work / "tree").mkdir()
    with RepositoryIndex.open(work / "tree", work / "old.sqlite") as index:
        for parts in saves:
            (work / "tree" / "code.py").write_text("\n\n".join(parts))
            index.update(["code.py"])
        with RepositoryIndex.open(work / "tree", work / "new.sqlite") as fresh:
            fresh.update(["code.py"])
            assert index.size()[:4] == fresh.size()[:4]
            assert index.passages("code.py") == fresh.passages("code.py")
            assert index.definitions_in("code.py") == fresh.definitions_in("code.py")
            lines = "\n".join(PARTS).split("\n")
            assert index.with_lines(lines) == fresh.with_lines(lines)
            for word in ("cents", "append_line", "total", "Item"):
                assert sorted(index.search([word])) == sorted(fresh.search([word]))


def test_an_update_of_named_files_looks_at_no_others(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    for name in ("checkout.py", "shop/model.py"):
        (repository / name).write_text("changed = True\n")
    assert index.update(["checkout.py", "no/such.py", "../outside.py", "/etc/passwd", ""])[:3] == (0, 1, 0)
    assert index.text("shop/model.py") == SHOP
    assert index.update(["shop"])[:3] == (0, 1, 0)


def test_what_is_told_is_of_the_version_that_was_indexed(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    (repository / "checkout.py").write_text("\n\n\n" + CHECKOUT.replace("total_price", "sum_of"))
    assert index.definitions_of(["total_price"])[0].passage.text.startswith("def total_price")


def test_a_file_that_is_changed_back_within_a_clock_tick_is_seen(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    for letter in "abcdefgh":
        (repository / "checkout.py").write_text(f"{letter} = 1\n")
        index.update(["checkout.py"])
        assert index.text("checkout.py") == f"{letter} = 1\n"


def test_a_branch_switch_is_an_update(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    git(repository, "switch", "--quiet", "--create", "other")
    (repository / "shop" / "model.py").write_text(SHOP.replace("Cart", "Basket"))
    (repository / "only_here.py").write_text("here = True\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "Other")
    assert index.update()[:3] == (1, 1, 0)
    git(repository, "switch", "--quiet", "-")
    assert index.update()[:3] == (0, 1, 1)
    assert [one.name for one in index.definitions_of(["Basket", "Cart"])] == ["Cart"]


def test_the_folders_that_have_something_of_a_name(repository: Path, indexed: Opens) -> None:
    (repository / "shop" / "parts").mkdir()
    (repository / "shop" / "parts" / "model.ts").write_text("export {};\n")
    index = indexed(repository)
    assert index.folders_with("shop") == [""]
    assert index.folders_with("checkout") == [""]
    assert index.folders_with("model") == ["shop", "shop/parts"]
    assert index.folders_with("odel") == []


def test_the_imports_that_name_something(repository: Path, indexed: Opens) -> None:
    found = indexed(repository).imports_with("Cart", 10)
    assert [(path, one.module, one.line) for path, one in found] == [("checkout.py", "shop.model", 1)]
