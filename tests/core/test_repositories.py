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
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.repository.collection import IndexCollection
from sfm2.testing import FunctionBackend, Step
from sfm2.types import Completion, GuardReason, Source

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


@pytest.mark.parametrize(
    ("second", "whole"),
    [
        (("cart.total\n", "total(cart)\n"), "cart.total\ntotal(cart)"),
        (("cart.size\n", "total(cart)\n"), "cart.total\nx = 1"),  # what was seen is not taken back
    ],
)
def test_a_stream_that_becomes_unsure_is_held_from_there(
    tmp_path: Path, shop: Path, second: tuple[str, str], whole: str
) -> None:
    first = [written("cart.total\n", SURE, 0), written("x = 1\n", 3 * UNSURE, 0), written("\n", UNSURE, 0)]
    informed = [written(text, SURE) for text in second]
    backend = FunctionBackend("sfm2", lambda request: informed if request.context else first)
    chunks = streamed(settings(tmp_path), backend, path=f"{shop}/total.py", mode="free", logprobs=True)
    assert chunks[0].rstrip() == "cart.total"
    assert "".join(chunks).rstrip() == whole
    assert len(backend.requests) == 2


def test_a_stream_of_who_reads_no_other_files_is_not_held(tmp_path: Path, shop: Path) -> None:
    lines = [written(text, UNSURE, 0) for text in ("cart.sum\n", "x = 1\n", "y = 2\n", "z = 3\n")]
    backend = FunctionBackend("openai", lambda _: lines, capabilities=Capabilities(fills_holes=True))
    body = {"path": f"{shop}/total.py", "mode": "free", "context": [{"text": "y = 1", "path": "mine.py"}]}
    assert len(streamed(settings(tmp_path), backend, **body)) >= 4


def test_a_stream_that_is_held_and_breaks_is_the_next_backend_s(tmp_path: Path, shop: Path) -> None:
    broken = FunctionBackend("sfm2", lambda _: [written("cart.sum\n", UNSURE, 0), BackendError("broken")])
    other = FunctionBackend("echo", lambda _: ["cart.total\n"], capabilities=Capabilities())

    async def ask() -> str:
        async with AsyncModelManager(settings(tmp_path), [broken, other]) as manager:
            stream = manager.complete_stream(CODE, "\n", path=f"{shop}/total.py", mode="free")
            return "".join([chunk.text async for chunk in stream])

    assert asyncio.run(ask()).startswith("cart.total")


def sent_with(own: dict[str, str], tmp_path: Path, shop: Path) -> tuple[FunctionBackend, Completion]:
    """The answer of a model that is unsure alone, and sure with other files."""

    def answers(request: GenerationRequest) -> list[Step]:
        count = len(request.context)
        return [written("cart.total", SURE if count else UNSURE, count)]

    backend = FunctionBackend("sfm2", answers)
    return backend, completed(settings(tmp_path), backend, path=f"{shop}/total.py", context=[own])


def test_a_client_s_own_context_is_nearest_to_the_hole(tmp_path: Path, shop: Path) -> None:
    own = {"text": "def tax(): ...", "path": "mine.py"}
    backend, answer = sent_with(own, tmp_path, shop)
    assert [one.text for one in backend.requests[-1].context] == ["class Cart:\n    total: int = 0", "def tax(): ..."]
    assert answer.sources == [Source(path="model.py", first=1, last=2), Source(path="mine.py")]


@pytest.mark.parametrize("path", ["model.py", "shop/model.py", "/home/me/shop/model.py", "C:\\shop\\model.py"])
def test_what_the_client_sent_is_not_shown_twice(tmp_path: Path, shop: Path, path: str) -> None:
    own = {"text": "class Cart:\n    unsaved: int = 0\n", "path": path}
    _, answer = sent_with(own, tmp_path, shop)
    assert answer.sources == [Source(path=path)]


def test_a_file_with_a_name_that_only_ends_alike_is_another(tmp_path: Path, shop: Path) -> None:
    own = {"text": "class Cart:", "path": "datamodel.py"}
    _, answer = sent_with(own, tmp_path, shop)
    assert [one.path for one in answer.sources] == ["model.py", "datamodel.py"]


def test_another_part_of_a_file_that_the_client_sent_is_shown(tmp_path: Path, shop: Path) -> None:
    own = {"text": "def edited(): ...", "path": "model.py"}
    _, answer = sent_with(own, tmp_path, shop)
    assert answer.sources == [Source(path="model.py", first=1, last=2), Source(path="model.py")]


def test_where_the_client_s_context_leaves_no_room_nothing_is_added(tmp_path: Path, shop: Path) -> None:
    own = {"text": "x = 1\n" * 500, "path": "mine.py"}
    backend, _ = sent_with(own, tmp_path, shop)
    assert [one.path for one in backend.requests[-1].context] == ["mine.py"]


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


def named(tmp_path: Path, name: str, **request: Any) -> Completion:
    """The answer when the model completes `from model import ` with a name."""

    async def ask() -> Completion:
        async with AsyncModelManager(settings(tmp_path), [answering(written(name, SURE, 0))]) as manager:
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
