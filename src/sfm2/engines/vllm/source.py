"""The weights that vLLM runs: a GGUF file of ours, turned into a Hugging Face folder once, or such a folder as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfm2.config import Settings
from sfm2.engines.supervision.program import ProgressReport, weights_of
from sfm2.errors import WeightsError
from sfm2.models.exporting.folder import exported
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, resolve
from sfm2.prompts import PromptForm

_CONFIG = "config.json"
_TENSORS = ("*.safetensors", "*.bin")


@dataclass(frozen=True)
class WeightsSource:
    """Weights that the settings name."""

    name: str
    folder: Path | None
    """As Hugging Face's libraries read them; None: `file` has not been turned into one"""
    file: WeightsFile | None
    """The GGUF file; None: the settings name a folder"""

    @property
    def sha256(self) -> str | None:
        """Of the GGUF file."""
        return self.file.sha256 if self.file else None

    @property
    def prompt_form(self) -> PromptForm | None:
        """As the catalogue has it."""
        return self.file.entry.completion.form if self.file and self.file.entry else None


@dataclass(frozen=True)
class FolderFacts:
    """What memory depends on."""

    tensors: int
    """Bytes of the weights"""
    window: int
    """Tokens that they were trained for"""
    bytes_per_token: int
    """Of keys and values over all layers"""


def find_source(settings: Settings) -> WeightsSource:
    """Without preparing anything. Raises WeightsError."""
    if folder := _named_folder(settings):
        return WeightsSource(folder.name, folder, None)
    file = resolve(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    return WeightsSource(file.name, None, file)


def prepared_source(settings: Settings, report: ProgressReport) -> tuple[WeightsSource, Path]:
    """With its folder, which is written if it is not there. Raises WeightsError."""
    if folder := _named_folder(settings):
        return WeightsSource(folder.name, folder, None), folder
    file = weights_of(settings, report)
    place = exported(file, settings.storage.cache_dir, report)
    return WeightsSource(file.name, place, file), place


def is_hugging_face(path: Path) -> bool:
    """Whether it is a folder as Hugging Face's libraries read them."""
    return (path / _CONFIG).is_file() and any(any(path.glob(pattern)) for pattern in _TENSORS)


def facts_of_folder(folder: Path) -> FolderFacts:
    """Raises WeightsError when its configuration can't be read."""
    try:
        fields: dict[str, Any] = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        heads = int(fields["num_attention_heads"])
        width = int(fields.get("head_dim") or int(fields["hidden_size"]) // heads)
        keys = int(fields.get("num_key_value_heads") or heads)
        layers, window = int(fields["num_hidden_layers"]), int(fields["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{folder} is not a folder that vLLM can read: its {_CONFIG} lacks {error}") from error
    tensors = sum(file.stat().st_size for pattern in _TENSORS for file in folder.glob(pattern))
    return FolderFacts(tensors, window, layers * keys * width * 2 * 2)  # keys and values of 16 bits


def _named_folder(settings: Settings) -> Path | None:
    path = settings.models.sfm2.path
    return path.expanduser().resolve() if path is not None and is_hugging_face(path.expanduser()) else None
