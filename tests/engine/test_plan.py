"""Device and memory, decided before a process starts."""

from __future__ import annotations

import pytest

from sfm2.config import Settings, load
from sfm2.engine import plan
from sfm2.engine.conversion import ModelFacts
from sfm2.errors import ConfigError

FACTS = ModelFacts("m", "qwen2", 32768, layers=24, kv_heads=2, head_size=64, stop_token_ids=(1,), chat_template=None)
WEIGHTS = 466_000_000


def settings(**own: object) -> Settings:
    return load({f"models.sfm2.{key}": value for key, value in own.items()}, environment={}).settings


def test_max_memory_is_shared_out() -> None:
    cache = plan.memory(settings(max_memory="8GB"), FACTS, WEIGHTS)
    assert cache == 8_000_000_000 - WEIGHTS - plan.OVERHEAD


def test_too_little_memory_says_how_much_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"max_memory is 0.50 GB; m needs 1.17 GB") as caught:
        plan.memory(settings(max_memory="500MB"), FACTS, WEIGHTS)
    assert '"1.2GB"' in caught.value.suggestion


def test_without_a_limit_one_window_fits_at_least() -> None:
    cache = plan.memory(settings(context=32768), FACTS, WEIGHTS)
    assert cache >= 32768 * FACTS.kv_bytes_per_token // 2
    assert cache >= plan.DEFAULT_CACHE


@pytest.mark.parametrize("name", ["auto", "cpu", "CPU"])
def test_the_cpu_is_always_there(name: str) -> None:
    assert plan.device_for(name, ["CPU"]) == plan.Device("CPU")


def test_cuda_runs_on_the_cpu_and_says_so() -> None:
    device = plan.device_for("cuda", ["CPU"])
    assert device.name == "CPU"
    assert "models.sfm2.url" in device.note


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="it has CPU"):
        plan.device_for("gpu", ["CPU"])


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'tpu'"):
        plan.device_for("tpu", ["CPU"])
