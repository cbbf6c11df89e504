"""What an editor sends of other files and what the server finds in the repository, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.repository.collection import IndexCollection
from sfm2.server.app import create_app
from sfm2.testing import FunctionBackend
from tests.server.live import live, settings_for

FILES = {
    "shop/model.py": "class Cart:\n    total: int = 0\n",
    "shop/tax.py": "def tax_of(cart):\n    return 19 * cart.total // 100\n",
}
CODE = "from shop.model import Cart\nfrom shop.tax import tax_of\n\n\ndef gross(cart: Cart) -> int:\n    return "


def reads_everything(request: GenerationRequest) -> Iterable[TokenChunk]:
    read = len(request.context)
    yield TokenChunk("cart.total", (-0.1 if read > 1 else -3.0,), tokens=1, excerpts=read)


@pytest.fixture
def backend() -> FunctionBackend:
    """It tells nobody what it reads, but that it reads all, and is unsure until it has read two files."""
    return FunctionBackend("sfm2", reads_everything)


@pytest.fixture
def client(tmp_path: Path, backend: FunctionBackend) -> Iterator[httpx.Client]:
    """Of a server that knows the repository `shop`."""
    for path, text in FILES.items():
        file = tmp_path / "repository" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with IndexCollection(tmp_path / "cache").open(tmp_path / "repository") as index:
        index.update()
    storage = {"data_dir": tmp_path / "data", "state_dir": tmp_path / "state", "cache_dir": tmp_path / "cache"}
    settings = settings_for(tmp_path, storage=storage, fallback={"chain": ["sfm2"]})
    with live(create_app(settings, AsyncModelManager(settings, [backend]))) as client:
        yield client


def sources(client: httpx.Client, path: Path, *context: dict[str, str]) -> list[Any]:
    body = {"prefix": CODE, "suffix": "\n", "path": str(path), "context": context}
    answer = client.post("/complete", json=body).raise_for_status().json()
    return [(one["path"], one["first"], one["last"]) for one in answer["sources"]]


def test_what_the_editor_sends_is_nearest_and_the_rest_is_found(
    client: httpx.Client, backend: FunctionBackend, tmp_path: Path
) -> None:
    unsaved = {"path": "shop/tax.py", "text": "def tax_of(cart):\n    return 7 * cart.total // 100"}
    file = tmp_path / "repository" / "gross.py"
    assert sources(client, file, unsaved) == [("shop/model.py", 1, 2), ("shop/tax.py", None, None)]
    assert backend.requests[1].context[-1].text == unsaved["text"]
    assert {path for path, *_ in sources(client, file)} == set(FILES)


def test_typing_on_with_the_same_context_changes_nothing_before_the_file(
    client: httpx.Client, backend: FunctionBackend, tmp_path: Path
) -> None:
    """Else the engine would have to read it again with every key."""
    unsaved = {"path": "shop/tax.py", "text": FILES["shop/tax.py"]}
    for typed in ("", "c", "ca", "car"):
        body = {"prefix": CODE + typed, "path": str(tmp_path / "repository" / "gross.py"), "context": [unsaved]}
        client.post("/complete", json=body, headers={"Cache-Control": "no-store"}).raise_for_status()
    alone, informed = backend.requests[::2], backend.requests[1::2]
    assert len(alone) == len(informed) == 4
    assert len({request.context for request in informed}) == 1
