"""A LoRA for the tiny Qwen2, as `sfm2 finetune run` leaves it: random, and strong enough to change what is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sfm2.models.adapters import CONFIG, MANIFEST, WEIGHTS
from sfm2.models.digest import sha256_of
from tests.engines.tiny import HEADS, INNER, KV_HEADS, LAYERS, WIDTH

RANK, ALPHA = 4, 8
_NARROW = WIDTH // HEADS * KV_HEADS
_SHAPES = {  # out, in
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (_NARROW, WIDTH),
    "self_attn.v_proj": (_NARROW, WIDTH),
    "self_attn.o_proj": (WIDTH, WIDTH),
    "mlp.gate_proj": (INNER, WIDTH),
    "mlp.up_proj": (INNER, WIDTH),
    "mlp.down_proj": (WIDTH, INNER),
}


def write(folder: Path, base: Path | str, seed: int, name: str = "tiny") -> Path:
    """A folder with an adapter for `base`: a GGUF, or the SHA-256 of one. Another seed is another adapter."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors(seed), folder / WEIGHTS)
    digest = sha256_of(base) if isinstance(base, Path) else base
    (folder / CONFIG).write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}), encoding="utf-8")
    (folder / MANIFEST).write_text(json.dumps({"base": digest, "base_name": name}), encoding="utf-8")
    return folder


def tensors(seed: int) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(seed)
    return {
        f"base_model.model.model.layers.{layer}.{module}.{part}.weight": _noise(numbers, shape)
        for layer in range(LAYERS)
        for module, (wide, narrow) in _SHAPES.items()
        for part, shape in (("lora_A", (RANK, narrow)), ("lora_B", (wide, RANK)))
    }


def _noise(numbers: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return numbers.normal(0, 0.2, shape).astype(np.float16)
