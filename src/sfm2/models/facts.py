"""What engines need to know of weights, beyond the weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfm2.models.gguf import GGUFHeader

CONTROL_TOKEN = 3  # `tokenizer.ggml.token_type` of tokens that are no text (ggml's docs/gguf.md)
FACTS = "sfm2.json"


@dataclass(frozen=True)
class ModelFacts:
    """What the engine needs to know of weights, beyond the weights."""

    name: str
    architecture: str
    context_length: int
    layers: int
    kv_heads: int
    head_size: int
    stop_token_ids: tuple[int, ...]
    chat_template: str | None

    def kv_bytes_per_token(self, bits: int) -> int:
        """Keys and values of one token over all layers, of so many bits a number.

        Numbers of 8 bits have a scale and a zero point for each head, of 4 bytes each (measured with OpenVINO 2026.4).
        """
        head = self.head_size * bits // 8 + (8 if bits < 16 else 0)
        return self.layers * 2 * self.kv_heads * head

    @classmethod
    def read(cls, folder: Path) -> ModelFacts:
        """The facts that a conversion left in `folder`."""
        fields: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return cls(**{**fields, "stop_token_ids": tuple(fields["stop_token_ids"])})


def facts_of(header: GGUFHeader) -> ModelFacts:
    """The facts in a GGUF's metadata. Control tokens end a completion as well as the end-of-sequence token."""
    heads = header.of_architecture("attention.head_count")
    width = header.of_architecture("embedding_length")
    types = header.metadata.get("tokenizer.ggml.token_type", [])
    ends: set[int] = {header.metadata["tokenizer.ggml.eos_token_id"]}
    return ModelFacts(
        name=str(header.metadata.get("general.name", header.path.stem)),
        architecture=header.architecture,
        context_length=header.of_architecture("context_length", 2048),
        layers=header.of_architecture("block_count"),
        kv_heads=header.of_architecture("attention.head_count_kv", heads),
        head_size=header.of_architecture("attention.key_length", width // heads),
        stop_token_ids=tuple(sorted(ends | {i for i, kind in enumerate(types) if kind == CONTROL_TOKEN})),
        chat_template=header.metadata.get("tokenizer.chat_template"),
    )
