"""Loads a causal language model with a LoRA on it. Blocking; imports torch, transformers and peft."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from huggingface_hub.errors import HfHubHTTPError
from safetensors import SafetensorError

from sfm2.backends.gpt2 import files
from sfm2.config import GPT2Settings
from sfm2.errors import BackendUnavailableError

# What a wrong, truncated or foreign file, and a hub out of reach, raise in the three libraries.
_BAD_FILES = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError, HfHubHTTPError)


@dataclass(frozen=True)
class GPT2Model:
    """`window` is in tokens, prompt and completion together; `ends` are the tokens that end a text."""

    model: Any
    tokenizer: Any
    device: str
    window: int
    ends: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Token ids; never empty, and what looks like a special token is only text."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)[
            "input_ids"
        ]
        return ids or [self.tokenizer.bos_token_id or self.tokenizer.eos_token_id or 0]

    def decode(self, ids: Any) -> str:
        """The text of token ids."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def load(settings: GPT2Settings) -> GPT2Model:
    """Raises `BackendUnavailableError` with what is wrong and what was expected."""
    device = _device(settings.device)
    adapter = files.adapter_folder(settings)
    with _blamed_on(f"the base model {settings.base_model} could not be loaded"):
        folder = files.base_folder(settings.base_model)
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, clean_up_tokenization_spaces=False
        )
        base = _base(folder, device)
    with _blamed_on(f"the LoRA in {adapter} does not fit {settings.base_model}"):
        model = _with_adapter(base, adapter, device)
    return GPT2Model(model, tokenizer, device, _window(model), _ends(model, tokenizer))


def _device(wanted: str) -> str:
    if wanted not in ("auto", "cpu", "cuda"):
        raise BackendUnavailableError(f'models.gpt2_lora.device: expected "auto", "cpu" or "cuda", not {wanted!r}')
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BackendUnavailableError(
            'models.gpt2_lora.device is "cuda", but torch finds no CUDA device; "auto" takes one when there is one'
        )
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _base(folder: Path, device: str) -> Any:
    transformers.logging.disable_progress_bar()
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, output_loading_info=True
    )
    if info["missing_keys"]:
        raise ValueError(f"its weights lack {min(info['missing_keys'])}")
    # Half precision is slow on CPUs, and exact enough only where it was meant to run.
    return (model.float() if device == "cpu" else model).to(device).eval()


def _with_adapter(base: Any, folder: Path, device: str) -> Any:
    """The base with the adapter merged into its weights, which costs nothing at each token."""
    config = peft.LoraConfig.from_pretrained(str(folder))
    config.inference_mode = True
    model = peft.PeftModel(base, config)
    result = model.load_adapter(str(folder), "default", torch_device=device)
    if strange := [*result.missing_keys, *result.unexpected_keys]:
        raise ValueError(f"its layers differ, such as {strange[0]}")
    return model.merge_and_unload().eval()


def _window(model: Any) -> int:
    return int(model.config.max_position_embeddings)


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    declared = model.generation_config.eos_token_id
    ends = declared if isinstance(declared, list) else [declared]
    return frozenset(end for end in (*ends, tokenizer.eos_token_id) if end is not None)


@contextmanager
def _blamed_on(what: str) -> Iterator[None]:
    try:
        yield
    except BackendUnavailableError:
        raise
    except _BAD_FILES as error:
        first_line = next(iter(str(error).splitlines()), "")
        raise BackendUnavailableError(f"{what}: {first_line or type(error).__name__}") from error
