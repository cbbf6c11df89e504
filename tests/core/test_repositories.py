"""Requests are told of the repository that their hole is in, and answers of what was shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sfm2.backends.base import Capabilities
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError
from sfm2.generation import TokenChunk
from sfm2.repository.collection import IndexCollection
from sfm2.testing import FunctionBackend, Step
from sfm2.types import Completion, Source

CODE = "from model import Cart\n\n\ndef total(cart: Cart) -> int:\n    return "


SURE, UNSURE = -0.01, -3.0  # log-probabilities of a token


def answering(alone: Step, informed: Step = "") -> FunctionBackend:
    """Writes another text when it is shown other files."""
    return FunctionBackend("sfm2", lambda request: [informed if request.context else alone])


def written(text: str, logprob: float, excerpts: int = 1) -> TokenChunk:
    return TokenChunk(text, (logprob,), tokens=1, token_texts=(text,), excerpts=excerpts)


GUESS, KNOWN = written("cart.sum", UNSURE, 0), written("cart.total", SURE)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository that is known."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "model.py").write_text("class Cart:\n    total: int = 0\n")
    with IndexCollection(tmp_path / "cache").open(root) as index:
        index.update()
    return root


def settings(tmp_path: Path, host: str = "127.0.0.1", **repository: Any) -> Settings:
    sections = {"api": {"host": host}, "storage": {"cache_dir": tmp_path / "cache"}, "repository": repository}
    return Settings.model_validate(sections)


def completed(settings: Settings, backend: FunctionBackend, **request: Any) -> Completion:
    async def ask() -> Completion:
        async with AsyncModelManager(settings, [backend]) as manager:
            return await manager.complete(CODE, "\n", **request)

    return asyncio.run(ask())


def streamed(settings: Settings, backend: FunctionBackend, **request: Any) -> list[str]:
    async def ask() -> list[str]:
        async with AsyncModelManager(settings, [backend]) as manager:
            return [chunk.text async for chunk in manager.complete_stream(CODE, "\n", **request)]

    return asyncio.run(ask())


def test_who_is_unsure_is_asked_again_with_what_is_defined_elsewhere(tmp_path: Path, shop: Path) -> None:
    backend = answering(GUESS, KNOWN)
    answer = completed(settings(tmp_path), backend, path=f"{shop}/total.py")
    alone, informed = backend.requests
    assert (alone.context, [one.text for one in informed.context]) == ((), ["class Cart:\n    total: int = 0"])
    assert informed.context_tokens == 1000
    assert answer.completion == "cart.total"
    assert answer.sources == [Source(path="model.py", first=1, last=2)]
    assert answer.tokens.completion == 2


def test_who_is_sure_is_not(tmp_path: Path, shop: Path) -> None:
    backend = answering(written("cart.total", SURE, 0))
    answer = completed(settings(tmp_path), backend, path=f"{shop}/total.py")
    assert (len(backend.requests), answer.sources) == (1, [])


@pytest.mark.parametrize("informed", [written("cart.size", 2 * UNSURE), BackendError("broken"), written("", SURE)])
def test_the_first_stays_if_the_second_is_no_surer(tmp_path: Path, shop: Path, informed: Step) -> None:
    backend = answering(GUESS, informed)
    answer = completed(settings(tmp_path), backend, path=f"{shop}/total.py")
    assert len(backend.requests) == 2
    assert (answer.completion, answer.sources, answer.fallback) == ("cart.sum", [], [])


def test_the_draft_says_what_is_looked_for(tmp_path: Path, shop: Path) -> None:
    (shop / "prices.py").write_text("def discounted(price: int) -> int:\n    return price - 1\n")
    with IndexCollection(tmp_path / "cache").open(shop) as index:
        index.update()
    backend = answering(written("discounted(cart.sum)", UNSURE, 0), KNOWN)
    completed(settings(tmp_path), backend, path=f"{shop}/total.py")
    assert {one.path for one in backend.requests[1].context} == {"model.py", "prices.py"}


def test_a_stream_that_begins_unsure_is_held_until_there_is_a_surer_one(tmp_path: Path, shop: Path) -> None:
    body = {"path": f"{shop}/total.py", "mode": "free"}
    unsure = answering(written("cart.sum\nx = 1\n", UNSURE, 0), KNOWN)
    assert "".join(streamed(settings(tmp_path), unsure, **body)).startswith("cart.total")
    sure = answering(written("cart.total\nx = 1\n", SURE, 0))
    assert "".join(streamed(settings(tmp_path), sure, **body)).startswith("cart.total")
    assert (len(unsure.requests), len(sure.requests)) == (2, 1)


def test_a_client_s_own_context_is_what_is_shown(tmp_path: Path, shop: Path) -> None:
    own = {"text": "class Cart: ...", "path": "mine.py"}
    backend = answering("", written("cart.sum", UNSURE))
    answer = completed(settings(tmp_path), backend, path=f"{shop}/total.py", context=[own])
    assert (len(backend.requests), answer.sources) == (1, [Source(path="mine.py")])


@pytest.mark.parametrize("repository", [{"enabled": False}, {"tokens": 0}])
def test_it_can_be_turned_off(tmp_path: Path, shop: Path, repository: dict[str, Any]) -> None:
    backend = answering(GUESS)
    completed(settings(tmp_path, **repository), backend, path=f"{shop}/total.py")
    assert len(backend.requests) == 1


def test_others_are_shown_a_repository_only_if_it_is_said(tmp_path: Path, shop: Path) -> None:
    silent, told = answering(GUESS, KNOWN), answering(GUESS, KNOWN)
    completed(settings(tmp_path, "0.0.0.0"), silent, path=f"{shop}/total.py")
    completed(settings(tmp_path, "0.0.0.0", enabled=True), told, path=f"{shop}/total.py")
    assert (len(silent.requests), len(told.requests)) == (1, 2)


def test_a_file_of_no_known_repository_is_shown_nothing(tmp_path: Path, shop: Path) -> None:
    backend = answering(GUESS)
    completed(settings(tmp_path), backend, path=f"{tmp_path}/other/total.py")
    assert len(backend.requests) == 1


def test_a_backend_that_reads_no_other_files_is_not_asked_again(tmp_path: Path, shop: Path) -> None:
    backend = FunctionBackend("gpt2_lora", lambda _: [GUESS], capabilities=Capabilities())
    completed(settings(tmp_path), backend, path=f"{shop}/total.py")
    assert len(backend.requests) == 1
