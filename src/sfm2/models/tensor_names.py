"""Names of a model's matrices: GGUF's (ggml's docs/gguf.md, "standardized tensor names") and those of transformers."""

from __future__ import annotations

import re

from sfm2.errors import WeightsError

ARCHITECTURES = ("qwen2", "qwen3")
"""Those whose names are known, and whose matrices are the same in both. (A Llama's are permuted on their way to GGUF.)"""
_TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_LAYER = re.compile(r"blk\.(\d+)\.(.+)\.(weight|bias)")


def transformers_name(name: str) -> str:
    """A GGUF tensor's name in transformers. Raises WeightsError for a tensor that Qwen2 and Qwen3 don't have."""
    if match := _LAYER.fullmatch(name):
        number, part, kind = match.groups()
        if part in _IN_LAYER:
            return f"model.layers.{number}.{_IN_LAYER[part]}.{kind}"
    top, _, kind = name.rpartition(".")
    if top in _TOP:
        return f"{_TOP[top]}.{kind}"
    raise WeightsError(f"the tensor {name!r} is not one of a Qwen2 or Qwen3 model")


def gguf_name(module: str) -> str:
    """The GGUF name of a layer's matrix in transformers, without its suffix. Raises WeightsError when there is none."""
    match = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", module)
    known = {theirs: ours for ours, theirs in _IN_LAYER.items()}
    if match is None or match[2] not in known:
        raise WeightsError(f"the matrix {module!r} is not in a layer of a Qwen2 or Qwen3 model")
    return f"blk.{match[1]}.{known[match[2]]}"
