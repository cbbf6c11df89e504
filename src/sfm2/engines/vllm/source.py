"""What memory depends on of the weights that vLLM runs: a Hugging Face folder, as it is or made of our GGUF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sfm2.models import hf_folder

_BYTES = 2  # of a key's or value's number


@dataclass(frozen=True)
class FolderFacts:
    """What memory depends on."""

    tensors: int
    """Bytes of the weights"""
    window: int
    """Tokens that they were trained for"""
    bytes_per_token: int
    """Of keys and values over all layers"""


def facts_of_folder(folder: Path) -> FolderFacts:
    """Raises WeightsError when its configuration can't be read."""
    facts = hf_folder.facts(folder)
    tensors = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return FolderFacts(tensors, facts.context_length, facts.layers * facts.kv_heads * facts.head_size * 2 * _BYTES)
