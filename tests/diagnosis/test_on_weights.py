"""A healthy machine: the default weights in the service, and in the command's own process; and weights that know nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfm2.config import load
from sfm2.diagnosis.own_engine import look_at_own_engine
from sfm2.diagnosis.weights import look_at_weights
from sfm2.engines.openvino import placement
from sfm2.engines.openvino.conversion import convert
from sfm2.engines.openvino.presets import preset
from sfm2.models.digest import sha256_of
from sfm2.testing import ServerProcess
from tests.diagnosis.conftest import Doctor
from tests.engines import tiny

OF_THE_USER = str(load(environment={}).settings.storage.cache_dir)


@pytest.mark.engine
def test_a_healthy_machine_with_a_server(doctor: Doctor, server: ServerProcess) -> None:
    found = doctor("--api-url", server.url, SFM2_FALLBACK_CHAIN="sfm2,openai", SFM2_STORAGE_CACHE_DIR=OF_THE_USER)
    assert (found.code, found.healthy, found.problems) == (0, True, [])
    assert found.of("weights")["found"] == "qwen2.5-coder-0.5b, 491 MB, sound, converted"
    assert found.of("device")["found"].startswith("CPU (")
    assert found.of("sfm2")["found"].startswith("available: qwen2.5-coder-0.5b on CPU, by OpenVINO; auto: ")
    assert "tokens/s" in found.of("speed")["found"]
    assert found.of("hole")["found"] == "filled: sfm2 answers, and knows what follows"
    assert found.of("latency")["found"].startswith("first token after ")


@pytest.mark.engine
def test_a_healthy_machine_without_a_server(doctor: Doctor) -> None:
    found = doctor("--local", SFM2_FALLBACK_CHAIN="sfm2", SFM2_STORAGE_CACHE_DIR=OF_THE_USER)
    assert (found.code, found.problems) == (0, [])
    assert found.of("hole")["level"] == "ok"


@pytest.mark.engine
def test_a_healthy_machine_with_llama_cpps_server(doctor: Doctor, llama_server: Path) -> None:
    chosen = {"SFM2_MODELS_SFM2_ENGINE": "llama", "SFM2_LLAMA_SERVER": str(llama_server)}
    found = doctor("--local", **chosen, SFM2_FALLBACK_CHAIN="sfm2", SFM2_STORAGE_CACHE_DIR=OF_THE_USER)
    assert (found.code, found.problems) == (0, [])
    said = found.of("engine")["found"]
    assert said.startswith(f"llama.cpp's server (as models.sfm2.engine says): {llama_server}, ")
    assert found.of("weights")["found"] == "qwen2.5-coder-0.5b, 491 MB, sound, as llama.cpp takes them"
    assert "openvino" not in found.of("versions")["found"]
    assert found.of("hole")["found"] == "filled: sfm2 answers, and knows what follows"
    assert found.of("latency")["found"].startswith("first token after ")


@pytest.mark.slow
def test_weights_that_fill_no_hole(doctor: Doctor, tmp_path: Path) -> None:
    """A real engine on random weights, without tokens to fill in the middle with."""
    weights = tiny.write(tmp_path / "tiny.gguf")
    environment = {"SFM2_FALLBACK_CHAIN": "sfm2", "SFM2_MODEL_PATH": str(weights), "SFM2_MODELS_SFM2_CONTEXT": "512"}
    first = doctor(**environment)
    assert "not converted yet" in first.of("weights")["found"]
    assert (first.code, first.of("hole")["level"]) == (0, "ok"), "what has to be converted first is not asked"
    settings = load({"storage.cache_dir": tmp_path / "cache", "models.sfm2.path": weights}, environment={}).settings
    convert(weights, placement.folder_for(settings, sha256_of(weights), preset()), preset(), lambda step, share: None)
    assert look_at_weights(settings, look_at_own_engine(settings.models.sfm2), thorough=False).ready
    found = doctor(**environment)
    assert (found.code, found.problems) == (1, ["hole"])
    assert found.of("weights")["found"].endswith("not in the catalogue, converted")
