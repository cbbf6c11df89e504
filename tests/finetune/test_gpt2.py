"""`sfm2 finetune run --base`: from examples to a LoRA that the chain's GPT-2 backend loads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.finetune.made import Repository, module

from sfm2.backends.base import Ask, Piece
from sfm2.cli.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.config import GPT2Settings
from sfm2.errors import InvalidRequestError, SFM2Error

pytestmark = [pytest.mark.hf, pytest.mark.slow]

SHAPE = {"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 256}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    made = Repository(folder / "shop")
    for name in ("ada", "bob", "cyd"):
        made.commit(**{f"{name}_py": module(name)})
    CliRunner().invoke(data_command, [str(made.folder), "--output", str(folder / "data")], obj=Invocation(None))
    return folder / "data"


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shape") / "config.json"
    path.write_text(json.dumps(SHAPE), encoding="utf-8")
    return path


def trained(data: Path, output: Path, base: str, *options: object) -> Result:
    from sfm2.cli.finetune.run import run_command

    given = (data, "--output", output, "--base", base, "--row", 256, "--rows", 1, *options)
    return CliRunner().invoke(run_command, [str(one) for one in given], obj=Invocation(None))


@pytest.fixture(scope="module")
def lora(data: Path, shape: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("out") / "lora"
    shown = trained(data, output, f"config:{shape}", "--steps", 20, "--learning-rate", 2e-3)
    assert shown.exception is None, shown.stderr
    return output


def test_a_base_from_scratch_and_its_lora_answer(lora: Path) -> None:
    from sfm2.backends.gpt2_lora import GPT2LoRA

    async def answer() -> list[Piece]:
        backend = GPT2LoRA(GPT2Settings(base_model=str(lora / "base"), lora_path=lora, device="cpu"))
        await backend.start()
        await backend.ready()
        ask = Ask("def ada_0(first, second):\n", max_length=24, temperature=0)
        pieces = [piece async for piece in backend.stream(ask)]
        await backend.aclose()
        return pieces

    pieces = asyncio.run(answer())
    assert "".join(piece.text for piece in pieces).strip()
    assert pieces[-1].finish_reason is not None


def test_what_was_done_is_written_down(lora: Path) -> None:
    manifest = json.loads((lora / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["base_name"] == str(lora / "base")
    assert manifest["form"] == "prefix"
    assert manifest["losses"][-1][1] < manifest["losses"][0][1]
    assert json.loads((lora / "adapter_config.json").read_text())["base_model_name_or_path"] == str(lora / "base")
    assert not (lora / "adapter.gguf").exists()
    assert list((lora / "logs").iterdir())  # TensorBoard's


def test_a_folder_is_a_base_too(lora: Path, data: Path, tmp_path: Path) -> None:
    shown = trained(data, tmp_path / "second", str(lora / "base"), "--steps", 2)
    assert shown.exception is None, shown.stderr
    assert (tmp_path / "second" / "adapter_model.safetensors").is_file()


def test_what_cannot_be_a_base_is_refused(data: Path, tmp_path: Path, lora: Path) -> None:
    wrong = trained(data, tmp_path / "x", "config:nowhere.json").exception
    assert isinstance(wrong, InvalidRequestError)
    assert "config:gpt2-small" in wrong.suggestion
    missing = trained(data, tmp_path / "x", str(tmp_path / "nothing")).exception
    assert isinstance(missing, SFM2Error)
    assert "can't be had" in missing.message
    wide = trained(data, tmp_path / "x", str(lora / "base"), "--row", 512).exception
    assert isinstance(wide, InvalidRequestError)
    assert "sees 256" in wide.message
