"""An adapter as GGUF has llama.cpp's names and shapes, and the same numbers."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from sfm2.errors import AdapterError, WeightsError
from sfm2.finetune import base, gguf_adapter
from sfm2.models.tensor_names import gguf_name, transformers_name
from tests.engines import tiny, tiny_adapter


def test_it_holds_what_the_safetensors_hold(tmp_path: Path) -> None:
    folder = tiny_adapter.write(tmp_path / "mine", "a" * 64, 1)
    reader = gguf.GGUFReader(gguf_adapter.write(folder, "qwen2"))
    fields = {name: reader.fields[name].contents() for name in ("general.type", "adapter.type", "general.architecture")}
    assert fields == {"general.type": "adapter", "adapter.type": "lora", "general.architecture": "qwen2"}
    assert reader.fields["adapter.lora.alpha"].contents() == tiny_adapter.ALPHA
    theirs = {tensor.name: tensor.data for tensor in reader.tensors}
    ours = tiny_adapter.tensors(1)
    assert len(theirs) == len(ours)
    for ending in ("a", "b"):
        name = f"base_model.model.model.layers.1.mlp.down_proj.lora_{ending.upper()}.weight"
        np.testing.assert_array_equal(theirs[f"blk.1.ffn_down.weight.lora_{ending}"], ours[name])


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="is not an adapter"):
        gguf_adapter.write(tmp_path, "qwen2")


def test_names_go_both_ways() -> None:
    for name in ("blk.3.attn_q", "blk.17.ffn_gate"):
        assert gguf_name(transformers_name(f"{name}.weight").removesuffix(".weight")) == name
    with pytest.raises(WeightsError, match="lm_head"):
        gguf_name("lm_head")


@pytest.mark.hf
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_logits_of_both_are_the_same(tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model

    from sfm2.models.weights import WeightsFile

    source = tiny.write(tmp_path / "tiny.gguf")
    model = base.load(WeightsFile(source, "a" * 64, None), torch.float32)
    config = LoraConfig(r=tiny_adapter.RANK, lora_alpha=tiny_adapter.ALPHA, target_modules="all-linear")
    get_peft_model(model, config).save_pretrained(str(tmp_path / "mine"))
    folder = tiny_adapter.write(tmp_path / "numbers", "a" * 64, 1)
    for file in ("adapter_model.safetensors", "manifest.json"):
        (folder / file).rename(tmp_path / "mine" / file)
    fresh = base.load(WeightsFile(source, "a" * 64, None), torch.float32)
    trained = PeftModel.from_pretrained(fresh, str(tmp_path / "mine"))
    path = gguf_adapter.write(tmp_path / "mine", "qwen2")
    assert gguf_adapter.difference(trained, path) <= gguf_adapter.TOLERANCE
    other = gguf_adapter.write(tiny_adapter.write(tmp_path / "other", "a" * 64, 2), "qwen2")
    assert gguf_adapter.difference(trained, other) > gguf_adapter.TOLERANCE
