"""Holes in what commits added, with the repository as it was before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import InvalidRequestError
from sfm2.evals.answering import answer
from sfm2.evals.asking import Asking
from sfm2.evals.contexts import Context, TreeIndexes, Way
from sfm2.evals.items import Item
from sfm2.evals.suites import commits
from sfm2.testing import FunctionBackend
from tests.corpus.test_history import LONG_AGO, commit, git

MODEL = "class Cart:\n    def total_price(self) -> int:\n        return sum(self.prices)\n" + "# a comment line\n" * 10
BEFORE = "from model import Cart\n\n\ndef show(cart: Cart) -> None:\n    print(cart)\n" + "# a comment line\n" * 10
AFTER = BEFORE + "\n\ndef pay(cart: Cart) -> int:\n    amount = cart.total_price() + 100\n    return amount * 2\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, LONG_AGO, model=MODEL, shop=BEFORE)
    commit(folder, shop=AFTER)
    return folder


def test_holes_are_only_in_added_lines(repository: Path) -> None:
    items = commits.load(repository)
    assert {item.kind for item in items} >= {"line", "rest"}
    for item in items:
        assert item.prefix + (item.expected or "") + item.suffix == AFTER
        assert len(item.prefix) >= len(BEFORE)
        assert (item.path, item.hidden) == ("shop.py", ("shop.py", "shop.py"))


@pytest.fixture
def trees(repository: Path) -> Iterator[TreeIndexes]:
    with TreeIndexes.of(repository) as found:
        yield found


def paying(repository: Path, trees: TreeIndexes) -> Item:
    items = trees.prepared(commits.load(repository, kinds=["line"]))
    return next(item for item in items if "amount = cart" in (item.expected or ""))


@pytest.mark.parametrize("way", ["naive", "repository"])
def test_what_is_shown_is_the_parent_s_tree_without_the_file_itself(
    repository: Path, trees: TreeIndexes, way: Way
) -> None:
    item = paying(repository, trees)
    assert item.needs == "a name defined elsewhere"
    found = trees.found(item, Context(way))
    assert {one.passage.path for one in found} == {"model.py"}
    assert "def total_price" in found[-1].passage.text
    assert trees.leaks == 0


def test_a_budget_of_nothing_shows_nothing(repository: Path, trees: TreeIndexes) -> None:
    assert trees.found(paying(repository, trees), Context("repository", 0)) == []


def test_what_must_not_be_shown_is_left_out(repository: Path, trees: TreeIndexes) -> None:
    item = replace(paying(repository, trees), hidden=("model.py", "shop.py"))
    assert trees.found(item, Context("naive")) == trees.found(item, Context("repository")) == []


@pytest.mark.parametrize(
    ("way", "logprob", "asked"),
    [
        ("none", -3.0, [0]),
        ("naive", -0.1, [0]),
        ("naive", -3.0, [0, 1]),
        ("repository", -0.1, [0, 0]),
        ("repository", -3.0, [0, 0, 1]),
    ],
)
def test_the_repository_is_looked_at_where_the_first_draft_is_unsure(
    repository: Path, trees: TreeIndexes, way: Way, logprob: float, asked: list[int]
) -> None:
    backend = FunctionBackend("echo", lambda _: ["1"], logprob=logprob)

    async def ask() -> None:
        async with AsyncModelManager(Settings(), [backend]) as manager:
            await answer(manager, paying(repository, trees), Asking(context=Context(way)), trees)

    asyncio.run(ask())
    assert [len(request.context) for request in backend.requests] == asked


def test_lines_that_were_only_moved_are_left_out(repository: Path) -> None:
    commit(repository, shop=BEFORE, paying="# pays for all of it\n" * 12 + AFTER.removeprefix(BEFORE))
    assert {item.path for item in commits.load(repository)} == {"shop.py"}


def test_a_renamed_file_s_former_self_is_hidden(repository: Path) -> None:
    git(repository, "mv", "shop.py", "store.py")
    commit(repository, store=AFTER + "\n\ndef refund(cart: Cart) -> int:\n    return -cart.total_price()\n")
    renamed = [item for item in commits.load(repository) if item.path == "store.py"]
    assert renamed
    assert {item.hidden for item in renamed} == {("store.py", "shop.py")}


@pytest.mark.parametrize(
    ("text", "parsed"), [("none", Context()), ("naive", Context("naive")), ("repository:50", Context("repository", 50))]
)
def test_contexts_are_read_as_they_are_written(text: str, parsed: Context) -> None:
    assert Context.parse(text) == parsed
    assert Context.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["", "much", "repository:many", "naive:-1"])
def test_other_contexts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected none, naive or repository"):
        Context.parse(text)


def test_what_can_not_be_cut_is_told(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(InvalidRequestError, match="a repository must be given"):
        commits.load(None)
    with pytest.raises(InvalidRequestError, match="not a git repository"):
        commits.load(tmp_path)
    with pytest.raises(InvalidRequestError, match="expected some of"):
        commits.load(repository, kinds=["word"])
