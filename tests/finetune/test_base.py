"""The served weights as a PyTorch model."""

from __future__ import annotations

import pytest

from sfm2.config import load as load_settings
from sfm2.errors import WeightsError
from sfm2.finetune import base
from sfm2.models.store import ModelStore
from sfm2.models.tensor_names import transformers_name
from sfm2.models.weights import WeightsFile, ensure


def test_names_of_tensors() -> None:
    assert transformers_name("blk.12.attn_q.bias") == "model.layers.12.self_attn.q_proj.bias"
    assert transformers_name("blk.0.ffn_down.weight") == "model.layers.0.mlp.down_proj.weight"
    assert transformers_name("output.weight") == "lm_head.weight"
    for odd in ("blk.0.ffn_gate_exps.weight", "rope_freqs.weight", "blk.x.attn_q.weight"):
        with pytest.raises(WeightsError, match="of a Qwen2"):
            transformers_name(odd)


@pytest.mark.hf
@pytest.mark.engine
def test_it_writes_what_the_engine_writes() -> None:
    import torch
    from transformers import PreTrainedTokenizerFast

    settings = load_settings().settings
    weights: WeightsFile = ensure(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    model = base.load(weights, torch.bfloat16)
    assert model.lm_head.weight.data_ptr() != model.model.embed_tokens.weight.data_ptr()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(weights.path.parent, gguf_file=weights.path.name)
    ids = tokenizer("def fibonacci(n):\n    if n <= 1:\n        return n\n    return", return_tensors="pt").input_ids
    with torch.no_grad():
        written = model.generate(ids, max_new_tokens=11, do_sample=False)[0, ids.shape[1] :]
    assert tokenizer.decode(written).rstrip() == " fibonacci(n-1) + fibonacci(n-2)"
