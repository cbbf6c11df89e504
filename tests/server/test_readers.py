"""A repository that is for some keys: live servers, asked by those who may read it and by those who may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.headers import IDEMPOTENCY_KEY
from sfm2.repository.collection import IndexCollection
from sfm2.repository.readers import IndexReaders
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend
from tests.repository.conftest import CHECKOUT, fill
from tests.server.gated import Gated, posting, until_running
from tests.server.live import Serving

NOBODY: dict[str, str] = {}


def tells_what_it_reads(request: GenerationRequest) -> Iterable[TokenChunk]:
    """The text tells whether code was shown, too. Without, it is unsure, so that it is asked again where there is some."""
    text, logprob = ("shown", -0.01) if request.context else ("nothing", -3.0)
    yield TokenChunk(text, (logprob,), tokens=1, token_texts=(text,), excerpts=len(request.context))


class Shop(NamedTuple):
    """A server that knows a repository, and two keys of it."""

    client: httpx.Client
    backend: FunctionBackend
    root: Path
    readers: IndexReaders
    ada: dict[str, str]
    eve: dict[str, str]
    ids: dict[str, str]
    """Of the keys"""

    @property
    def hole(self) -> dict[str, Any]:
        return {"prefix": CHECKOUT[:-40], "suffix": CHECKOUT[-40:], "path": f"{self.root}/checkout.py"}

    def shown(self, who: dict[str, str], **more: Any) -> bool:
        """Whether the answer names code that was shown; its text says the same."""
        answer = self.client.post("/complete", json=self.hole | more, headers=who)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["completion"] == "shown") == bool(found["sources"])
        return bool(found["sources"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = fill(tmp_path / "shop")
    with IndexCollection(tmp_path / "cache").open(root) as index:
        index.update()
    return root


@contextmanager
def shop(
    serving: Serving, tmp_path: Path, root: Path, backend: FunctionBackend | None = None, **sections: dict[str, Any]
) -> Iterator[Shop]:
    """The repository is for ada."""
    keys = Keys(Store.in_folder(tmp_path))
    made = {name: keys.create(name) for name in ("ada", "eve")}
    ids = {name: key.id for name, (key, _) in made.items()}
    readers = IndexReaders(tmp_path / "cache", tmp_path)
    readers.let(root, [ids["ada"]])
    backend = backend or FunctionBackend("sfm2", tells_what_it_reads)
    storage = {"data_dir": tmp_path, "state_dir": tmp_path / "state", "cache_dir": tmp_path / "cache"}
    with serving(backends=[backend], storage=storage, **sections) as client:
        ada, eve = ({"Authorization": f"Bearer {text}"} for _, text in made.values())
        yield Shop(client, backend, root, readers, ada, eve, ids)


@pytest.mark.parametrize("cache", [False, True])
def test_one_key_is_shown_it_and_the_other_is_not(serving: Serving, tmp_path: Path, root: Path, cache: bool) -> None:
    """One after the other, whoever is first, with the answers of both kept."""
    with shop(serving, tmp_path, root, cache={"enabled": cache}) as found:
        for hole in ({}, {"max_length": 9}):
            first, second = (found.ada, found.eve) if hole else (found.eve, found.ada)
            for who in (first, second, first, second):
                assert found.shown(who, **hole) is (who is found.ada)
        assert len(found.backend.requests) == (6 if cache else 12)  # ada's twice


def test_nor_when_both_ask_at_once(serving: Serving, tmp_path: Path, root: Path) -> None:
    class Waiting(Gated):
        def _steps(self, request: GenerationRequest) -> list[Any]:
            return [self._wait, *tells_what_it_reads(request)]

    backend = Waiting()
    with shop(serving, tmp_path, root, backend) as found:
        found.client.headers.update(found.ada)
        asked = [("/complete", found.hole, who) for who in (found.ada, found.eve, found.ada, found.eve)]
        with posting(found.client, *asked) as posted:
            until_running(backend, 2)
            backend.open()
            answers = [one.result().json() for one in posted]
    assert [bool(answer["sources"]) for answer in answers] == [True, False] * 2
    assert [answer["completion"] for answer in answers] == ["shown", "nothing"] * 2


def test_nor_when_many_ask_at_once(serving: Serving, tmp_path: Path, root: Path) -> None:
    with shop(serving, tmp_path, root) as found, ThreadPoolExecutor(8) as pool:
        whose = [found.ada, found.eve] * 20
        shown = list(pool.map(lambda number: found.shown(whose[number], max_length=number // 4 + 1), range(40)))
    assert shown == [True, False] * 20


def test_nor_with_the_same_idempotency_key(serving: Serving, tmp_path: Path, root: Path) -> None:
    with shop(serving, tmp_path, root) as found:
        same = {IDEMPOTENCY_KEY: "1"}
        assert [found.shown(who | same) for who in (found.ada, found.eve, found.ada, found.eve)] == [True, False] * 2


OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("/complete/stream", {}),
    ("/generate", {"prompt": CHECKOUT[:-40], "suffix": CHECKOUT[-40:]}),
    ("/generate/stream", {"prompt": CHECKOUT[:-40], "suffix": CHECKOUT[-40:]}),
    ("/generate/batch", {"prompts": [CHECKOUT[:-40]]}),
    ("/v1/completions", {"prompt": CHECKOUT[:-40], "suffix": CHECKOUT[-40:]}),
    ("/v1/completions", {"prompt": CHECKOUT[:-40], "suffix": CHECKOUT[-40:], "stream": True}),
    ("/infill", {"input_prefix": CHECKOUT[:-40], "input_suffix": CHECKOUT[-40:], "stream": False}),
    ("/infill", {"input_prefix": CHECKOUT[:-40], "input_suffix": CHECKOUT[-40:], "stream": True}),
]


@pytest.mark.parametrize(("path", "body"), OTHERS)
def test_on_every_route(serving: Serving, tmp_path: Path, root: Path, path: str, body: dict[str, Any]) -> None:
    with shop(serving, tmp_path, root) as found:
        answers = [found.client.post(path, json=body or found.hole, headers=who) for who in (found.ada, found.eve)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert ["shown" in answer.text for answer in answers] == [True, False]
    assert [bool(asked.context) for asked in found.backend.requests] == [False, True, False]


def test_a_change_of_readers_counts_at_once(serving: Serving, tmp_path: Path, root: Path) -> None:
    with shop(serving, tmp_path, root) as found:
        assert (found.shown(found.ada), found.shown(found.eve)) == (True, False)
        found.readers.let(root, [found.ids["eve"]])
        assert (found.shown(found.ada), found.shown(found.eve)) == (False, True)
        found.readers.let(root, None)
        assert (found.shown(found.ada), found.shown(found.eve)) == (True, True)


def test_a_key_that_is_revoked_reads_nothing(serving: Serving, tmp_path: Path, root: Path) -> None:
    """Nor does one that is made in its place, with the same name."""
    with shop(serving, tmp_path, root, cache={"enabled": True}) as found:
        assert found.shown(found.ada)
        keys = Keys(Store.in_folder(tmp_path))
        keys.revoke(found.ids["ada"])
        assert found.client.post("/complete", json=found.hole, headers=found.ada).status_code == 401
        _, text = keys.create("ada")
        assert not found.shown({"Authorization": f"Bearer {text}"})


def test_a_key_that_is_rotated_reads_on(serving: Serving, tmp_path: Path, root: Path) -> None:
    with shop(serving, tmp_path, root) as found:
        _, text = Keys(Store.in_folder(tmp_path)).rotate(found.ids["ada"])
        assert found.shown({"Authorization": f"Bearer {text}"})


@pytest.mark.parametrize("key", [True, False])
def test_where_nobody_needs_a_key_nobody_is_shown_it(serving: Serving, tmp_path: Path, root: Path, key: bool) -> None:
    """Not even with a key: it is not looked at."""
    with shop(serving, tmp_path, root, api={"require_key": False}) as found:
        assert not found.shown(found.ada if key else NOBODY)
        found.readers.let(root, None)
        assert found.shown(NOBODY)
