"""Device and memory, decided before a process starts."""

from __future__ import annotations

import pytest

from sfm2.config import Settings, load
from sfm2.engines.openvino import placement
from sfm2.errors import ConfigError
from sfm2.models.facts import ModelFacts

FACTS = ModelFacts("m", "qwen2", 32768, layers=24, kv_heads=2, head_size=64, stop_token_ids=(1,), chat_template=None)
WEIGHTS = 466_000_000
BITS = 8
TOKEN = FACTS.kv_bytes_per_token(BITS)


def settings(**own: object) -> Settings:
    return load({f"models.sfm2.{key}": value for key, value in own.items()}, environment={}).settings


def test_max_memory_is_shared_out() -> None:
    memory = placement.memory(settings(max_memory="8GB", max_adapters=2), FACTS, WEIGHTS, BITS)
    assert memory == placement.Memory(2, (8_000_000_000 - placement.OVERHEAD) // 2 - WEIGHTS)


@pytest.mark.parametrize(("limit", "pipelines"), [("8GB", 4), ("2.3GB", 3), ("1.5GB", 2), ("1.2GB", 1)])
def test_with_less_memory_fewer_adapters_stay_loaded(limit: str, pipelines: int) -> None:
    given = settings(max_memory=limit, max_adapters=4)
    memory = placement.memory(given, FACTS, WEIGHTS, BITS)
    assert memory.pipelines == pipelines
    assert memory.cache_bytes >= given.models.sfm2.context * TOKEN
    used = pipelines * (WEIGHTS + memory.cache_bytes) + placement.OVERHEAD
    assert given.models.sfm2.max_memory is not None
    assert 0 <= given.models.sfm2.max_memory - used < pipelines


def test_too_little_memory_says_how_much_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"max_memory is 0.50 GB; m needs 0.97 GB") as caught:
        placement.memory(settings(max_memory="500MB"), FACTS, WEIGHTS, BITS)
    assert '"1GB"' in caught.value.suggestion


def test_without_a_limit_one_window_fits_at_least() -> None:
    memory = placement.memory(settings(context=32768), FACTS, WEIGHTS, BITS)
    assert memory.cache_bytes >= 32768 * TOKEN
    assert memory.cache_bytes >= placement.DEFAULT_TOKENS * TOKEN


def test_without_a_limit_as_many_adapters_stay_loaded_as_are_wanted() -> None:
    assert placement.memory(settings(max_adapters=5), FACTS, WEIGHTS, BITS).pipelines == 5


@pytest.mark.parametrize("name", ["cpu", "CPU"])
def test_the_cpu_is_always_there(name: str) -> None:
    assert placement.device_for(name, ["CPU"]) == placement.Device("CPU")


@pytest.mark.parametrize(
    ("present", "why"), [(["CPU"], "no other device here"), (["CPU", "GPU.0", "NPU"], "chooses another: GPU.0, NPU")]
)
def test_what_auto_takes_has_a_reason(present: list[str], why: str) -> None:
    device = placement.device_for("Auto", present)
    assert device.name == "CPU"
    assert device.note.startswith("auto: ")
    assert device.note.endswith(why)


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
