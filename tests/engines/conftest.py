"""The engine on tiny weights: real conversion, real process, seconds instead of minutes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.config import Settings, load
from tests.engines import tiny

MakeSettings = Callable[..., Settings]


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
