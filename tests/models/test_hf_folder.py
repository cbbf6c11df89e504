"""A Hugging Face folder as weights: its identity, its facts, what is missing, and who reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sfm2.config import Settings, load
from sfm2.diagnosis.finding import Level
from sfm2.diagnosis.own_engine import look_at_own_engine
from sfm2.diagnosis.weights import look_at_weights
from sfm2.engines.supervision.program import gguf_of
from sfm2.errors import WeightsError
from sfm2.models import hf_folder
from sfm2.models.digest import sha256_of
from sfm2.models.exporting.folder import TENSORS, export_to, exported
from sfm2.models.facts import ModelFacts
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, resolve
from tests.engines import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tiny.write(tmp_path / "tiny.gguf")
    return export_to(WeightsFile(source, sha256_of(source), None), tmp_path / "model")


def settings_for(folder: Path, **more: object) -> Settings:
    given = {"models.sfm2.path": folder, "storage.cache_dir": folder.parent / "cache", **more}
    return load(given, environment={}).settings


def resolved(folder: Path) -> WeightsFile:
    settings = settings_for(folder)
    return resolve(settings.models.sfm2, ModelStore(settings.storage.cache_dir))


def quietly(step: str, share: float | None) -> None: ...


def test_it_is_known_by_its_weights(folder: Path) -> None:
    found = resolved(folder)
    assert (found.name, found.is_folder, found.entry) == ("model", True, None)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    (copy / "README.md").write_text("another file")
    assert resolved(copy).sha256 == found.sha256
    with (copy / TENSORS).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    assert resolved(copy).sha256 != found.sha256


def test_it_is_exported_already(folder: Path) -> None:
    found = resolved(folder)
    assert exported(found, folder.parent / "cache", quietly) == folder.resolve()
    with pytest.raises(WeightsError, match="is a Hugging Face folder already"):
        export_to(found, folder.with_name("other"))


def test_its_facts_are_those_of_the_weights_that_it_was_made_of(folder: Path) -> None:
    facts, own = hf_folder.facts(folder), ModelFacts.read(folder)
    assert facts.name == "model"
    for name in (
        "architecture",
        "context_length",
        "layers",
        "kv_heads",
        "head_size",
        "stop_token_ids",
        "chat_template",
    ):
        assert getattr(facts, name) == getattr(own, name)


@pytest.mark.parametrize(
    ("missing", "said"), [(TENSORS, r"holds no \*\.safetensors"), ("tokenizer.json", "has no token")]
)
def test_what_is_missing_is_said(folder: Path, missing: str, said: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(WeightsError, match=said):
        resolved(folder)


@pytest.mark.parametrize(
    ("bytes_left", "said"), [(300_000, "is truncated: expected"), (500, "only a part"), (0, "only a part")]
)
def test_a_download_that_ended_early_is_said(folder: Path, bytes_left: int, said: str) -> None:
    with (folder / TENSORS).open("r+b") as file:
        file.truncate(bytes_left)
    with pytest.raises(WeightsError, match=said):
        resolved(folder)


def test_a_part_that_is_missing_is_said(folder: Path) -> None:
    parts = {"lm_head.weight": "model-00002-of-00002.safetensors", "model.norm.weight": TENSORS}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(WeightsError, match=r"has no model-00002-of-00002\.safetensors"):
        resolved(folder)


def test_a_configuration_of_something_else_is_said(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(WeightsError, match="is not the configuration of a language model: KeyError"):
        hf_folder.facts(folder)


@pytest.mark.parametrize("engine", ["OpenVINO", "llama.cpp"])
def test_engines_that_read_gguf_say_what_to_do(folder: Path, engine: str) -> None:
    with pytest.raises(WeightsError, match=f"is a Hugging Face folder; {engine} reads GGUF files") as caught:
        gguf_of(settings_for(folder), quietly, engine)
    assert "transformers" in caught.value.suggestion


@pytest.mark.parametrize(("engine", "level"), [("transformers", Level.OK), ("openvino", Level.PROBLEM)])
def test_the_doctor_knows_which_engine_reads_it(folder: Path, engine: str, level: Level) -> None:
    settings = settings_for(folder, **{"models.sfm2.engine": engine})
    [found] = look_at_weights(settings, look_at_own_engine(settings.models.sfm2), thorough=False).findings
    assert found.level is level
