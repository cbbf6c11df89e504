"""PyTorch, and the weights in a Hugging Face folder that it runs."""

from __future__ import annotations

from threading import Lock
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from sfm2.engines.base import AdapterFile
from sfm2.engines.serving.runtime import Runtime
from sfm2.engines.transformers.adapters import with_adapter
from sfm2.engines.transformers.pipeline import TransformersPipeline
from sfm2.engines.transformers.placement import TorchDevice, blocks, device_for
from sfm2.engines.transformers.spec import TransformersSpec
from sfm2.engines.transformers.vocabulary import HuggingFaceVocabulary
from sfm2.errors import ConfigError, WeightsError
from sfm2.models import hf_folder
from sfm2.models.facts import ModelFacts
from sfm2.types import SamplingParams

ERRORS: tuple[type[Exception], ...] = (RuntimeError, ValueError, LookupError, MemoryError, OSError, SafetensorError)


def plain(error: BaseException) -> str:
    """The message of an error of PyTorch's or transformers', in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def open_runtime(spec: TransformersSpec) -> tuple[TransformersRuntime, str, str]:
    """The runtime, its device's name, and nothing more to say of it. Raises `ConfigError`, or one of `ERRORS`."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    place = device_for(spec.device)
    try:
        facts = hf_folder.facts(spec.folder)
    except WeightsError as error:
        raise ConfigError(error.message, suggestion=error.suggestion) from error
    return TransformersRuntime(spec, facts, place), place.name, ""


class TransformersRuntime(Runtime):
    """All pipelines share the weights; each has a cache of its own, and an adapter's matrices."""

    errors = ERRORS

    def __init__(self, spec: TransformersSpec, facts: ModelFacts, place: TorchDevice) -> None:
        self.context = min(spec.context, facts.context_length)
        self.stop_token_ids = frozenset(facts.stop_token_ids)
        self.chat_template = facts.chat_template
        self.vocabulary = HuggingFaceVocabulary(spec.folder, facts.stop_token_ids, facts.chat_template)
        self._place = place
        size = sum(file.stat().st_size for file in spec.folder.glob("*.safetensors"))
        self._blocks = blocks(spec, facts, size * place.dtype.itemsize // torch.bfloat16.itemsize, place)
        self._model = self._loaded(spec)
        self._one_at_a_time = Lock()

    def load(self, adapter: AdapterFile | None) -> TransformersPipeline:
        if self._place.device.type == "cuda":
            torch.cuda.set_device(self._place.device)  # of this thread
        with self._one_at_a_time:
            model = with_adapter(self._model, adapter) if adapter else self._model
            return TransformersPipeline(model, self._blocks, self.vocabulary, self.stop_token_ids)

    def plain(self, error: BaseException) -> str:
        return plain(error)

    def check(self, sampling: SamplingParams) -> None:
        """There is none that it does not take."""

    def _loaded(self, spec: TransformersSpec) -> Any:
        model = AutoModelForCausalLM.from_pretrained(
            spec.folder, dtype=self._place.dtype, attn_implementation="sdpa", local_files_only=True
        )
        return model.to(self._place.device).eval().requires_grad_(False)
