"""What keeps gpt2_lora from working is told, in words one can act on."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("transformers")

from sfm2.backends.gpt2.backend import GPT2LoRA  # noqa: E402
from sfm2.config import GPT2Settings  # noqa: E402
from sfm2.errors import BackendNotConfiguredError, BackendUnavailableError  # noqa: E402
from sfm2.generation import GenerationRequest  # noqa: E402
from sfm2.types import BackendHealth, BackendStatus, SamplingParams  # noqa: E402
from tests.backends.tiny_gpt2 import FUNCTION, Folders, make_base  # noqa: E402

pytestmark = [
    pytest.mark.hf,
    # transformers warns of a property of its own that peft still reads.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

FIRST_LINE, REST = FUNCTION.split("\n", 1)


def complete(backend: GPT2LoRA) -> str:
    async def scenario() -> str:
        request = GenerationRequest(FIRST_LINE + "\n", sampling=SamplingParams(temperature=0.0))
        return "".join([chunk.text async for chunk in backend.stream(request)])

    return asyncio.run(scenario())


def settled(settings: GPT2Settings) -> BackendHealth:
    """Its health once there is nothing left to wait for."""

    async def scenario() -> BackendHealth:
        backend = GPT2LoRA(settings)
        await backend.start()
        await backend.ready()
        return await backend.health()

    return asyncio.run(scenario())


def test_without_a_lora_it_is_not_configured() -> None:
    health = settled(GPT2Settings())
    assert health.status is BackendStatus.NOT_CONFIGURED
    assert "models.gpt2_lora.lora_path" in health.reason
    with pytest.raises(BackendNotConfiguredError, match="lora_path"):
        complete(GPT2LoRA(GPT2Settings()))


def missing_lora(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(folders.base), lora_path=tmp_path / "nowhere")


def no_adapter(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(folders.base), lora_path=folders.base)


def no_weights(folders: Folders, tmp_path: Path) -> GPT2Settings:
    shutil.copy(folders.lora / "adapter_config.json", tmp_path)
    return GPT2Settings(base_model=str(folders.base), lora_path=tmp_path)


def truncated_weights(folders: Folders, tmp_path: Path) -> GPT2Settings:
    no_weights(folders, tmp_path)
    content = (folders.lora / "adapter_model.safetensors").read_bytes()
    (tmp_path / "adapter_model.safetensors").write_bytes(content[: len(content) // 2])
    return GPT2Settings(base_model=str(folders.base), lora_path=tmp_path)


def other_kind(folders: Folders, tmp_path: Path) -> GPT2Settings:
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "PREFIX_TUNING"}')
    return GPT2Settings(base_model=str(folders.base), lora_path=tmp_path)


def other_name(folders: Folders, tmp_path: Path) -> GPT2Settings:
    shutil.copytree(folders.lora, tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "somebody/other-model"
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    return GPT2Settings(base_model="gpt2-medium", lora_path=tmp_path)


def other_width(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(make_base(tmp_path / "wide", width=32)), lora_path=folders.lora)


def fewer_layers(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(make_base(tmp_path / "flat", layers=1)), lora_path=folders.lora)


def more_layers(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(make_base(tmp_path / "deep", layers=3)), lora_path=folders.lora)


def no_base(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(tmp_path), lora_path=folders.lora)


def truncated_base(folders: Folders, tmp_path: Path) -> GPT2Settings:
    shutil.copytree(folders.base, tmp_path, dirs_exist_ok=True)
    content = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[: len(content) // 2])
    return GPT2Settings(base_model=str(tmp_path), lora_path=folders.lora)


def no_cuda(folders: Folders, tmp_path: Path) -> GPT2Settings:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    return GPT2Settings(base_model=str(folders.base), lora_path=folders.lora, device="cuda")


def other_device(folders: Folders, tmp_path: Path) -> GPT2Settings:
    return GPT2Settings(base_model=str(folders.base), lora_path=folders.lora, device="abacus")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (missing_lora, "adapter_config.json"),
        (no_adapter, "adapter_config.json"),
        (no_weights, "adapter_model.safetensors"),
        (truncated_weights, "does not fit"),
        (other_kind, "LORA"),
        (other_name, "somebody/other-model"),
        (other_width, "does not fit"),
        (fewer_layers, "does not fit"),
        (more_layers, "does not fit"),
        (no_base, "config.json"),
        (truncated_base, "could not be loaded"),
        (no_cuda, "CUDA"),
        (other_device, '"auto", "cpu" or "cuda"'),
    ],
)
def test_what_is_wrong_is_told(make: Any, word: str, folders: Folders, tmp_path: Path) -> None:
    settings = make(folders, tmp_path)
    health = settled(settings)
    assert health.status is BackendStatus.UNAVAILABLE
    assert word in health.reason
    with pytest.raises(BackendUnavailableError) as caught:
        complete(GPT2LoRA(settings))
    assert caught.value.message == health.reason


def test_an_adapter_put_right_is_tried_again(folders: Folders, tmp_path: Path) -> None:
    async def scenario() -> BackendStatus:
        backend = Folders(folders.base, tmp_path / "lora").backend()
        await backend.ready()
        assert (await backend.health()).status is BackendStatus.UNAVAILABLE
        shutil.copytree(folders.lora, tmp_path / "lora")
        await backend.ready()
        return (await backend.health()).status

    assert asyncio.run(scenario()) is BackendStatus.AVAILABLE
