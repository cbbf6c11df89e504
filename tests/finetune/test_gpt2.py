"""`sfm2 finetune run --base`: from examples to a LoRA that the chain's GPT-2 backend loads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.config import GPT2Settings
from sfm2.corpus.example import Example
from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import SamplingParams
from tests.finetune.git_repositories import Repository, module

pytestmark = [
    pytest.mark.hf,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

SHAPE = {"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 256}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    return examples_in(folder, "ada", "bob", "cyd")


def examples_in(folder: Path, *names: str) -> Path:
    made = Repository(folder / "shop")
    for name in names:
        made.commit(**{f"{name}_py": module(name)})
    CliRunner().invoke(data_command, [str(made.folder), "--output", str(folder / "data")], obj=Invocation(None))
    return folder / "data"


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shape") / "config.json"
    path.write_text(json.dumps(SHAPE), encoding="utf-8")
    return path


def trained(data: Path, output: Path, base: str, *options: object) -> Result:
    from sfm2.cli.commands.finetune.run import run_command

    given = (data, "--output", output, "--base", base, "--row", 256, "--rows", 1, *options)
    return CliRunner().invoke(run_command, [str(one) for one in given], obj=Invocation(None))


def from_scratch(data: Path, shape: Path) -> tuple[Any, Any]:
    """An untrained GPT-2, and the rows to train it on."""
    from sfm2.finetune import gpt2, job

    texts = [one.text for one in job.examples_of(data)]
    made = gpt2.from_scratch(str(shape), texts, seed=0)
    return made, made.rows(texts)


@pytest.fixture(scope="module")
def lora(data: Path, shape: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("out") / "lora"
    shown = trained(data, output, f"config:{shape}", "--steps", 20, "--learning-rate", 2e-3)
    assert shown.exception is None, shown.stderr
    return output


def test_a_base_from_scratch_and_its_lora_answer(lora: Path) -> None:
    from sfm2.backends.gpt2.backend import GPT2LoRA

    async def answer() -> list[TokenChunk]:
        backend = GPT2LoRA(GPT2Settings(base_model=str(lora / "base"), lora_path=lora, device="cpu"))
        await backend.start()
        await backend.ready()
        request = GenerationRequest("def ada_0(first, second):\n", sampling=SamplingParams(max_length=24))
        chunks = [chunk async for chunk in backend.stream(request)]
        await backend.aclose()
        return chunks

    chunks = asyncio.run(answer())
    assert "".join(chunk.text for chunk in chunks).strip()
    assert chunks[-1].finish_reason is not None


def test_what_was_done_is_written_down(lora: Path) -> None:
    manifest = json.loads((lora / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["base_name"] == str(lora / "base")
    assert manifest["form"] == "prefix"
    assert manifest["losses"][-1][1] < manifest["losses"][0][1]
    assert json.loads((lora / "adapter_config.json").read_text())["base_model_name_or_path"] == str(lora / "base")
    assert not (lora / "adapter.gguf").exists()
    assert list((lora / "logs").iterdir())  # TensorBoard's
    base = json.loads((lora / "base" / "manifest.json").read_text(encoding="utf-8"))
    assert base["form"] == "texts"
    assert base["data"] == manifest["data"]
    assert base["losses"][-1][1] < base["losses"][0][1]
    assert not (lora / "base" / "checkpoints").exists()


def test_all_linear_layers_have_an_adapter_in_16_bits(lora: Path) -> None:
    from safetensors.torch import load_file

    assert json.loads((lora / "adapter_config.json").read_text())["fan_in_fan_out"] is True
    tensors = load_file(lora / "adapter_model.safetensors")
    assert {name.split(".lora_")[0].rsplit("h.", 1)[1] for name in tensors} == {
        f"{layer}.{part}" for layer in (0, 1) for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    }
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"torch.float16"}


@pytest.mark.parametrize("prefix", ["def ada_0(first, second):\n    ada_to", "x = 1\n    ", ""])
def test_an_example_is_read_as_the_backend_asks(lora: Path, prefix: str) -> None:
    from sfm2.backends.gpt2 import model as gpt2_model
    from sfm2.finetune import gpt2
    from sfm2.prompts import TokenHealing

    served = gpt2_model.load(GPT2Settings(base_model=str(lora / "base"), lora_path=lora, device="cpu"))
    example = Example("span", "python", "shop/ada.py", prefix, "tal = first", "\n    return 1\n")
    sequence = gpt2.load(str(lora / "base")).encoding.sequence(example, Random(0))
    read, learnt = sequence.ids[: -sequence.learnt], sequence.ids[-sequence.learnt :]
    shown = TokenHealing(prefix, words=False).prompt
    assert list(read) == served.encode(shown)
    assert served.decode(learnt) == f"{prefix.removeprefix(shown)}tal = first<|endoftext|>"


def test_in_a_row_each_example_costs_what_it_costs_alone(data: Path, shape: Path) -> None:
    import torch

    from sfm2.finetune.packing import PackedRow, batch
    from sfm2.finetune.training import middle_loss

    made, _ = from_scratch(data, shape)
    model = made.base.model.eval()
    prefixes = ("def ada_0(first, second):\n", "", "    return ")
    sequences = [
        made.base.encoding.sequence(Example("node", "python", "a/b.py", prefix, "first", ""), Random(0))
        for prefix in prefixes
    ]
    with torch.no_grad():
        together, count = middle_loss(model, batch([PackedRow(sequences)]))
        alone = sum(float(middle_loss(model, batch([PackedRow([one])]))[0]) for one in sequences)
    assert count == sum(one.learnt for one in sequences)
    assert float(together) == pytest.approx(alone, abs=1e-3)


def test_a_base_that_was_interrupted_ends_as_if_it_had_not_been(data: Path, shape: Path, tmp_path: Path) -> None:
    from sfm2.finetune import gpt2, job
    from sfm2.finetune.training import TrainingSettings

    settings = TrainingSettings(steps=4, rows=1)

    def run(folder: Path, stop_after: int = 99) -> bytes | None:
        made, rows = from_scratch(data, shape)
        steps: list[object] = []
        job.claim_folder(folder, data, made.base, settings, 256)
        stop = lambda: len(steps) + 1 >= stop_after  # noqa: E731
        job.run(folder, made.base, made.base.model, rows, settings, steps.append, stop, made.save)
        return (folder / "model.safetensors").read_bytes() if gpt2.is_complete(folder) else None

    assert run(tmp_path / "parts", stop_after=2) is None
    assert (tmp_path / "parts" / "checkpoints").is_dir()
    whole, parts = run(tmp_path / "whole"), run(tmp_path / "parts")
    assert whole is not None
    assert parts == whole


def test_a_base_goes_on_only_as_it_began(data: Path, shape: Path, lora: Path, tmp_path: Path) -> None:
    other = examples_in(tmp_path, "eve", "fay", "gus")
    differs = trained(other, lora, f"config:{shape}", "--steps", 20, "--learning-rate", 2e-3).exception
    assert isinstance(differs, InvalidRequestError)
    assert "belongs to a run with different values of" in differs.message
    assert "data" in differs.message


def test_to_say_how_long_it_takes_makes_nothing(data: Path, shape: Path, tmp_path: Path) -> None:
    shown = trained(data, tmp_path / "out", f"config:{shape}", "--steps", 3, "--dry-run")
    assert shown.exception is None, shown.stderr
    assert "form texts" in shown.stderr
    assert "form prefix" in shown.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_is_a_base_too(lora: Path, data: Path, tmp_path: Path) -> None:
    shown = trained(data, tmp_path / "second", str(lora / "base"), "--steps", 2)
    assert shown.exception is None, shown.stderr
    assert (tmp_path / "second" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("shape", ["[1]", "{", '{"n_head": 5}', '{"n_embd": "wide"}'])
def test_a_configuration_that_is_none_is_refused(data: Path, tmp_path: Path, shape: str) -> None:
    (tmp_path / "config.json").write_text(shape, encoding="utf-8")
    wrong = trained(data, tmp_path / "x", f"config:{tmp_path / 'config.json'}").exception
    assert isinstance(wrong, InvalidRequestError)
    assert "config:gpt2-small" in wrong.suggestion
    assert not (tmp_path / "x").exists()


def test_a_damaged_base_is_refused(data: Path, tmp_path: Path, lora: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in (lora / "base").glob("*.*"):
        (copy / path.name).write_bytes(path.read_bytes()[: 1000 if path.suffix == ".safetensors" else None])
    damaged = trained(data, tmp_path / "x", str(copy)).exception
    assert isinstance(damaged, SFM2Error)
    assert "can't be loaded" in damaged.message


def test_a_hub_out_of_reach_says_what_to_do(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for name in ("gpt2-medium", "no name"):
        error = trained(data, tmp_path / "x", name).exception
        assert isinstance(error, SFM2Error)
        assert f"{name} can't be fetched" in error.message
        assert "config:gpt2-small" in error.suggestion


def test_what_cannot_be_a_base_is_refused(data: Path, tmp_path: Path, lora: Path) -> None:
    wrong = trained(data, tmp_path / "x", "config:nowhere.json").exception
    assert isinstance(wrong, InvalidRequestError)
    assert "config:gpt2-small" in wrong.suggestion
    missing = trained(data, tmp_path / "x", str(tmp_path / "nothing")).exception
    assert isinstance(missing, SFM2Error)
    assert "can't be fetched" in missing.message
    wide = trained(data, tmp_path / "x", str(lora / "base"), "--row", 512).exception
    assert isinstance(wide, InvalidRequestError)
    assert "context window of 256" in wide.message


def test_rows_that_a_base_from_scratch_cannot_see_are_refused_before_it_is_made(
    data: Path, shape: Path, tmp_path: Path
) -> None:
    wide = trained(data, tmp_path / "x", f"config:{shape}", "--row", 512).exception
    assert isinstance(wide, InvalidRequestError)
    assert "context window of 256" in wide.message
    assert not (tmp_path / "x").exists()
