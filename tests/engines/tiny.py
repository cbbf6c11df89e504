"""A real Qwen2 in miniature: two layers of seeded random weights, a byte-level tokenizer with a few merges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, KV_HEADS, LAYERS, INNER = 128, 2, 1, 2, 256
MERGES = ["d e", "de f", "r e", "t u", "Ġ Ġ", "ĠĠ ĠĠ"]
CONTROL = ["<|endoftext|>", "<|im_end|>"]


def write(path: Path, architecture: str = "qwen2", quantise: bool = True, marks: Sequence[str] = ()) -> Path:
    """`marks`: more tokens of its vocabulary, such as those to fill in the middle with."""
    control = [*marks, *CONTROL]
    writer = gguf.GGUFWriter(path, architecture)
    tokens = [*_byte_letters(), *(merge.replace(" ", "") for merge in MERGES), *control]
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - len(control)) + [3] * len(control))
    writer.add_token_merges(MERGES)
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_bos_token_id(len(tokens) - 2)
    writer.add_pad_token_id(len(tokens) - 2)
    writer.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")
    for name, shape in _tensors(len(tokens)):
        _add(writer, name, shape, quantise)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, name: str, shape: tuple[int, ...], quantise: bool) -> None:
    data = np.random.default_rng(sum(name.encode())).normal(0, 0.05, shape).astype(np.float32)
    if name.endswith("norm.weight"):
        data = np.ones(shape, np.float32)
    if len(shape) == 2 and quantise:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, data)


def _tensors(vocabulary: int) -> list[tuple[str, tuple[int, ...]]]:
    narrow = WIDTH // HEADS * KV_HEADS
    shapes: list[tuple[str, tuple[int, ...]]] = [
        ("token_embd.weight", (vocabulary, WIDTH)),
        ("output.weight", (vocabulary, WIDTH)),
        ("output_norm.weight", (WIDTH,)),
    ]
    for layer in range(LAYERS):
        shapes += [
            (f"blk.{layer}.{name}", shape)
            for name, shape in (
                ("attn_norm.weight", (WIDTH,)),
                ("ffn_norm.weight", (WIDTH,)),
                ("attn_q.weight", (WIDTH, WIDTH)),
                ("attn_q.bias", (WIDTH,)),
                ("attn_k.weight", (narrow, WIDTH)),
                ("attn_k.bias", (narrow,)),
                ("attn_v.weight", (narrow, WIDTH)),
                ("attn_v.bias", (narrow,)),
                ("attn_output.weight", (WIDTH, WIDTH)),
                ("ffn_gate.weight", (INNER, WIDTH)),
                ("ffn_up.weight", (INNER, WIDTH)),
                ("ffn_down.weight", (WIDTH, INNER)),
            )
        ]
    return shapes


def _byte_letters() -> list[str]:
    """GPT-2's letter for each byte: printable ones stand for themselves, the others for letters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]
