"""The base model of an adapter: the weights that are served, dequantised, as a PyTorch model.

The published full-precision weights are no substitute. A quantised file may have scales folded into its matrices (AWQ), so
that an adapter trained on other numbers does not fit it, and the engine compresses the file's matrices once more. The output
head is a separate matrix even where it starts as a copy of the embedding: the engine keeps two, and an adapter of one must
not change the other.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfm2.config import Settings
from sfm2.engines.openvino.preparation import prepare
from sfm2.errors import MissingExtraError, WeightsError
from sfm2.finetune.encoding import Encoding, family_of
from sfm2.finetune.engine_matrices import matrices
from sfm2.models.dequantising import dequantised
from sfm2.models.exporting.config import config_fields
from sfm2.models.facts import ModelFacts
from sfm2.models.gguf import read_header
from sfm2.models.store import ModelStore
from sfm2.models.tensor_names import ARCHITECTURES, transformers_name
from sfm2.models.weights import WeightsFile, resolve

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Base:
    """The model that an adapter is trained for."""

    name: str
    weights: str
    """The SHA-256 of the weights file."""
    model: PreTrainedModel
    encoding: Encoding
    """How examples become tokens of this model."""
    form: str
    """The FIM prompt form of the examples: "psm", "spm", "prefix" or "texts"."""
    window: int
    """The context window, in tokens."""
    architecture: str | None = None
    """The architecture as GGUF names it, if the adapter is to be written as GGUF too; else None."""


def load_served(settings: Settings) -> Base:
    """The model that the settings name, with the matrices that the engine uses and the tokenizer of its weights file.

    Converts the weights for the engine if that has not been done. Raises WeightsError and MissingExtraError as `load` does.
    """
    import torch

    from sfm2.engines.openvino.vocabulary import OpenVINOVocabulary

    weights = resolve(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    task = asyncio.run(prepare(settings, lambda step, share: None))
    vocabulary, facts = OpenVINOVocabulary(task.folder), ModelFacts.read(task.folder)

    def tokenize(text: str) -> list[int]:
        return vocabulary.encode(text) if text else []

    form = task.prompt_form or "psm"
    encoding = Encoding.of(tokenize, family_of(tokenize), form)
    model = load(weights, torch.bfloat16, task.folder)
    return Base(weights.name, weights.sha256, model, encoding, form, facts.context_length, facts.architecture)


def load(weights: WeightsFile, dtype: torch.dtype, engine: Path | None = None) -> PreTrainedModel:
    """The model of the weights file, on the CPU, with numbers of type `dtype`.

    `engine` is the folder of the model converted for the engine; if given, its matrices replace those of the file. Raises
    WeightsError for an architecture that training does not support, and MissingExtraError without torch and transformers.
    """
    header = read_header(weights.path)
    if header.architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise WeightsError(
            f"{weights.name} has the architecture {header.architecture!r}; adapters can be trained for {known}"
        )
    try:
        import torch
        from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM
    except ModuleNotFoundError as error:
        raise MissingExtraError("training an adapter", "train") from error
    kinds: dict[str, tuple[Any, Any]] = {
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
        "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    }
    config, model = kinds[header.architecture]
    with torch.device("meta"):
        empty = model(config(**config_fields(header)))
    state = {
        transformers_name(tensor.name): torch.tensor(values, dtype=dtype) for tensor, values in dequantised(header)
    }
    if engine is not None:
        state |= {name: torch.tensor(values, dtype=dtype) for name, values in matrices(engine)}
    state.setdefault("lm_head.weight", state["model.embed_tokens.weight"].clone())
    empty.load_state_dict(state, strict=True, assign=True)
    _compute_buffers(empty)
    return empty


def _compute_buffers(model: Any) -> None:
    """Compute the rotary frequencies: they are not weights, and on the `meta` device they have no values yet."""
    rotary = model.model.rotary_emb
    model.model.rotary_emb = type(rotary)(config=model.config)
