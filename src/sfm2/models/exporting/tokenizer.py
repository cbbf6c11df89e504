"""The tokenizer of a GGUF file, as the library `tokenizers` reads it (`tokenizer.json`)."""

from __future__ import annotations

from typing import Any

from sfm2.errors import WeightsError
from sfm2.models.gguf import GGUFHeader

# How text is cut before pairs are merged, by GGUF's `tokenizer.ggml.pre`; llama.cpp's src/llama-vocab.cpp has the same.
_CUTS = {
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
}
_CONTROL, _ADDED, _UNUSED = 3, 4, 5  # `tokenizer.ggml.token_type`
_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}


def tokenizer(header: GGUFHeader) -> dict[str, Any]:
    """What `tokenizer.json` says. Raises WeightsError for a tokenizer that is not of Qwen's kind."""
    tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
    types: list[int] = header.metadata["tokenizer.ggml.token_type"]
    merges: list[str] = header.metadata.get("tokenizer.ggml.merges", [])
    cut = {"type": "Split", "pattern": {"Regex": _cut(header)}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            _added(number, token, special=kind == _CONTROL)
            for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
            if kind in (_CONTROL, _ADDED)
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [cut, _BYTES]},
        "post_processor": _BYTES,
        "decoder": _BYTES,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {
                token: number
                for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
                if kind not in (_CONTROL, _ADDED, _UNUSED)
            },
            "merges": [pair.split(" ") for pair in merges],
        },
    }


def tokenizer_config(header: GGUFHeader) -> dict[str, Any]:
    """What `tokenizer_config.json` says."""
    tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
    types: list[int] = header.metadata["tokenizer.ggml.token_type"]
    end, padding = (header.metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "padding"))
    named = {
        "eos_token": None if end is None else tokens[end],
        "pad_token": None if padding is None else tokens[padding],
        "chat_template": header.metadata.get("tokenizer.chat_template"),
    }
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",  # takes tokenizer.json as it is
        "add_bos_token": bool(header.metadata.get("tokenizer.ggml.add_bos_token", False)),
        "clean_up_tokenization_spaces": False,
        "model_max_length": header.of_architecture("context_length"),
        "additional_special_tokens": [token for token, kind in zip(tokens, types, strict=True) if kind == _CONTROL],
        **{name: value for name, value in named.items() if value is not None},
    }


def _cut(header: GGUFHeader) -> str:
    kind, pre = header.metadata.get("tokenizer.ggml.model"), header.metadata.get("tokenizer.ggml.pre")
    if kind != "gpt2" or pre not in _CUTS:
        raise WeightsError(
            f"{header.path.name} has a tokenizer of the kind {pre or kind!r}; those of {', '.join(_CUTS)} can be exported"
        )
    return _CUTS[str(pre)]


def _added(number: int, token: str, special: bool) -> dict[str, Any]:
    return {
        "id": number,
        "content": token,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }
