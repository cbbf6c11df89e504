"""Device and memory, decided before a process starts."""

from __future__ import annotations

import pytest

from sfm2.config import Settings, load
from sfm2.engines.openvino import placement
from sfm2.engines.openvino.conversion import ModelFacts
from sfm2.engines.supervision.memory import DEFAULT_CACHE
from sfm2.errors import ConfigError

FACTS = ModelFacts("m", "qwen2", 32768, layers=24, kv_heads=2, head_size=64, stop_token_ids=(1,), chat_template=None)
WEIGHTS = 466_000_000


def settings(**own: object) -> Settings:
    return load({f"models.sfm2.{key}": value for key, value in own.items()}, environment={}).settings


def test_max_memory_is_shared_out() -> None:
    memory = placement.memory(settings(max_memory="8GB", max_adapters=2), FACTS, WEIGHTS)
    assert memory == placement.Memory(2, (8_000_000_000 - placement.OVERHEAD) // 2 - WEIGHTS)


@pytest.mark.parametrize(("limit", "pipelines"), [("8GB", 4), ("2.3GB", 3), ("2GB", 2), ("1.2GB", 1)])
def test_with_less_memory_fewer_adapters_stay_loaded(limit: str, pipelines: int) -> None:
    given = settings(max_memory=limit, max_adapters=4)
    memory = placement.memory(given, FACTS, WEIGHTS)
    assert memory.pipelines == pipelines
    assert memory.cache_bytes >= given.models.sfm2.context * FACTS.kv_bytes_per_token
    used = pipelines * (WEIGHTS + memory.cache_bytes) + placement.OVERHEAD
    assert given.models.sfm2.max_memory is not None
    assert 0 <= given.models.sfm2.max_memory - used < pipelines


def test_too_little_memory_says_how_much_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"max_memory is 0.50 GB; m needs 1.17 GB") as caught:
        placement.memory(settings(max_memory="500MB"), FACTS, WEIGHTS)
    assert '"1.2GB"' in caught.value.suggestion


def test_without_a_limit_one_window_fits_at_least() -> None:
    memory = placement.memory(settings(context=32768), FACTS, WEIGHTS)
    assert memory.cache_bytes >= 32768 * FACTS.kv_bytes_per_token
    assert memory.cache_bytes >= DEFAULT_CACHE


def test_without_a_limit_as_many_adapters_stay_loaded_as_are_wanted() -> None:
    assert placement.memory(settings(max_adapters=5), FACTS, WEIGHTS).pipelines == 5


@pytest.mark.parametrize("name", ["auto", "cpu", "CPU"])
def test_the_cpu_is_always_there(name: str) -> None:
    assert placement.device_for(name, ["CPU"]) == placement.Device("CPU")


def test_cuda_runs_on_the_cpu_and_says_so() -> None:
    device = placement.device_for("cuda", ["CPU"])
    assert device.name == "CPU"
    assert "llama-server" in device.note


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match="it has CPU"):
        placement.device_for("gpu", ["CPU"])


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'tpu'"):
        placement.device_for("tpu", ["CPU"])
