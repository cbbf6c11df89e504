"""The configuration of a model, as transformers and all that read its folders name it."""

from __future__ import annotations

from typing import Any

from sfm2.models.facts import facts_of
from sfm2.models.gguf import GGUFHeader

_CLASSES = {"qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def config(header: GGUFHeader) -> dict[str, Any]:
    """What `config.json` says."""
    fields = config_fields(header)
    return {
        "architectures": [_CLASSES[header.architecture]],
        "model_type": header.architecture,
        **fields,
        "rope_theta": fields["rope_parameters"]["rope_theta"],  # where readers older than transformers 5 look
        "hidden_act": "silu",
        "use_cache": True,
        "use_sliding_window": False,
        "dtype": "bfloat16",
        **_ends(header),
    }


def generation_config(header: GGUFHeader) -> dict[str, Any]:
    """What `generation_config.json` says. A completion ends where ours do: at every control token."""
    return {**_ends(header), "eos_token_id": list(facts_of(header).stop_token_ids), "do_sample": False}


def config_fields(header: GGUFHeader) -> dict[str, Any]:
    """The fields of a Qwen2Config or Qwen3Config, by transformers' names, from a GGUF header."""
    heads = header.of_architecture("attention.head_count")
    width = header.of_architecture("embedding_length")
    return {
        "vocab_size": len(header.metadata["tokenizer.ggml.tokens"]),
        "hidden_size": width,
        "intermediate_size": header.of_architecture("feed_forward_length"),
        "num_hidden_layers": header.of_architecture("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": header.of_architecture("attention.head_count_kv", heads),
        "head_dim": header.of_architecture("attention.key_length", width // heads),
        "rms_norm_eps": header.of_architecture("attention.layer_norm_rms_epsilon"),
        "rope_parameters": {"rope_type": "default", "rope_theta": header.of_architecture("rope.freq_base", 10_000.0)},
        "max_position_embeddings": header.of_architecture("context_length"),
        "tie_word_embeddings": False,
    }


def _ends(header: GGUFHeader) -> dict[str, Any]:
    named = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
    found = {name: header.metadata.get(f"tokenizer.ggml.{ours}_token_id") for name, ours in named.items()}
    return {name: value for name, value in found.items() if value is not None}
