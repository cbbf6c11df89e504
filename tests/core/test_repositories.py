"""Requests are told of the repository that their hole is in, and answers of what was shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.repository.collection import IndexCollection
from sfm2.testing import FunctionBackend
from sfm2.types import Completion, Source

CODE = "from model import Cart\n\n\ndef total(cart: Cart) -> int:\n    return "


def reads_everything(request: GenerationRequest) -> Iterable[TokenChunk]:
    yield TokenChunk("cart.total", (-0.1,), tokens=1, token_texts=("cart.total",), excerpts=len(request.context))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository that is known."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "model.py").write_text("class Cart:\n    total: int = 0\n")
    with IndexCollection(tmp_path / "cache").open(root) as index:
        index.update()
    return root


def completed(
    tmp_path: Path, request: dict[str, Any], host: str = "127.0.0.1", **repository: Any
) -> tuple[GenerationRequest, Completion]:
    """What the backend was asked, and the answer."""
    sections = {"api": {"host": host}, "storage": {"cache_dir": tmp_path / "cache"}, "repository": repository}
    backend = FunctionBackend("sfm2", reads_everything)

    async def ask() -> Completion:
        async with AsyncModelManager(Settings.model_validate(sections), [backend]) as manager:
            return await manager.complete(CODE, "\n", **request)

    answer = asyncio.run(ask())
    return backend.requests[0], answer


def test_the_definition_elsewhere_is_shown_and_named_in_the_answer(tmp_path: Path, shop: Path) -> None:
    asked, answer = completed(tmp_path, {"path": f"{shop}/total.py"})
    assert [one.text for one in asked.context] == ["class Cart:\n    total: int = 0"]
    assert asked.context_tokens == 1000
    assert answer.sources == [Source(path="model.py", first=1, last=2)]


def test_a_client_s_own_context_is_nearest_to_the_hole(tmp_path: Path, shop: Path) -> None:
    own = {"text": "def tax(): ...", "path": "mine.py"}
    asked, answer = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert [one.text for one in asked.context] == ["class Cart:\n    total: int = 0", "def tax(): ..."]
    assert answer.sources == [Source(path="model.py", first=1, last=2), Source(path="mine.py")]


@pytest.mark.parametrize("path", ["model.py", "shop/model.py", "/home/me/shop/model.py", "C:\\shop\\model.py"])
def test_what_the_client_sent_is_not_shown_twice(tmp_path: Path, shop: Path, path: str) -> None:
    own = {"text": "class Cart:\n    unsaved: int = 0\n", "path": path}
    _, answer = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert answer.sources == [Source(path=path)]


def test_a_file_with_a_name_that_only_ends_alike_is_another(tmp_path: Path, shop: Path) -> None:
    own = {"text": "class Cart:", "path": "datamodel.py"}
    _, answer = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert [one.path for one in answer.sources] == ["model.py", "datamodel.py"]


def test_another_part_of_a_file_that_the_client_sent_is_shown(tmp_path: Path, shop: Path) -> None:
    own = {"text": "def edited(): ...", "path": "model.py"}
    _, answer = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert answer.sources == [Source(path="model.py", first=1, last=2), Source(path="model.py")]


def test_where_the_client_s_context_leaves_no_room_nothing_is_added(tmp_path: Path, shop: Path) -> None:
    own = {"text": "x = 1\n" * 500, "path": "mine.py"}
    asked, _ = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert [one.path for one in asked.context] == ["mine.py"]


@pytest.mark.parametrize("repository", [{"enabled": False}, {"tokens": 0}])
def test_it_can_be_turned_off(tmp_path: Path, shop: Path, repository: dict[str, Any]) -> None:
    asked, answer = completed(tmp_path, {"path": f"{shop}/total.py"}, **repository)
    assert (asked.context, answer.sources) == ((), [])


def test_others_are_shown_a_repository_only_if_it_is_said(tmp_path: Path, shop: Path) -> None:
    _, silent = completed(tmp_path, {"path": f"{shop}/total.py"}, "0.0.0.0")
    _, told = completed(tmp_path, {"path": f"{shop}/total.py"}, "0.0.0.0", enabled=True)
    assert (len(silent.sources), len(told.sources)) == (0, 1)


def test_a_file_of_no_known_repository_is_shown_nothing(tmp_path: Path, shop: Path) -> None:
    asked, answer = completed(tmp_path, {"path": f"{tmp_path}/other/total.py"})
    assert (asked.context, answer.sources) == ((), [])
