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
from sfm2.types import Completion, GuardReason, Source

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


def test_a_client_s_own_context_is_what_is_shown(tmp_path: Path, shop: Path) -> None:
    own = {"text": "class Cart: ...", "path": "mine.py"}
    _, answer = completed(tmp_path, {"path": f"{shop}/total.py", "context": [own]})
    assert answer.sources == [Source(path="mine.py")]


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


def named(tmp_path: Path, name: str, **request: Any) -> Completion:
    """The answer when the model completes `from model import ` with a name."""

    def writes(_: GenerationRequest) -> Iterable[TokenChunk]:
        yield TokenChunk(name, (-0.1,), tokens=1, token_texts=(name,))

    async def ask() -> Completion:
        settings = Settings.model_validate({"storage": {"cache_dir": tmp_path / "cache"}})
        async with AsyncModelManager(settings, [FunctionBackend("sfm2", writes)]) as manager:
            return await manager.complete("from model import ", "\n", language="python", **request)

    return asyncio.run(ask())


def test_a_name_that_the_repository_does_not_have_is_told_of_and_counts_as_undefined(
    tmp_path: Path, shop: Path
) -> None:
    there, invented = (named(tmp_path, name, path=f"{shop}/new.py") for name in ("Cart", "Basket"))
    assert (there.guard.unknown, invented.guard.unknown) == ([], ["Basket"])
    assert GuardReason.UNKNOWN_NAMES in invented.guard.reasons
    assert there.features
    assert there.features["undefined"] == 0
    assert invented.features
    assert invented.features["undefined"] == 1


def test_nothing_is_unknown_where_no_repository_is_known_or_an_open_file_has_it(tmp_path: Path, shop: Path) -> None:
    assert named(tmp_path, "Basket", path=f"{tmp_path}/new.py").guard.unknown == []
    unsaved = [{"text": "class Basket: ...", "path": "model.py"}]
    assert named(tmp_path, "Basket", path=f"{shop}/new.py", context=unsaved).guard.unknown == []
