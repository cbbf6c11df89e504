"""The files of a base model and of a PEFT LoRA: found and checked before torch is loaded.

Base models come from a folder or the Hugging Face cache, and only when they are not there from the hub. Transformers' own
`local_files_only` still asks the hub about adapters, so everything is loaded from a folder found here.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from sfm2.config import GPT2Settings
from sfm2.errors import BackendUnavailableError

CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
TOKENIZERS = ("tokenizer.json", "vocab.json", "tokenizer.model")
# What a folder of the hub holds beside these (other frameworks' weights) is not needed.
_SMALL_FILES = ["*.json", "*.txt", "*.model"]


def adapter_folder(settings: GPT2Settings) -> Path:
    """The checked folder of the LoRA. Raises `BackendUnavailableError` when it is none, or made for another base."""
    assert settings.lora_path is not None
    folder = settings.lora_path.expanduser()
    if not folder.is_dir():
        raise BackendUnavailableError(
            f"models.gpt2_lora.lora_path: {folder} is not a folder; expected one with {CONFIG} and {ADAPTER_WEIGHTS[0]}"
        )
    made_for = _adapter_config(folder).get("base_model_name_or_path")
    if not any((folder / name).is_file() for name in ADAPTER_WEIGHTS):
        raise BackendUnavailableError(f"{folder} has no weights; expected {' or '.join(ADAPTER_WEIGHTS)}")
    if isinstance(made_for, str) and _differ(made_for, settings.base_model):
        raise BackendUnavailableError(
            f"the LoRA in {folder} was made for {made_for}, but models.gpt2_lora.base_model is {settings.base_model}"
        )
    return folder


def base_folder(base_model: str) -> Path:
    """Where the base model's files are, after a download if need be.

    Raises `BackendUnavailableError` for a folder without a model, and what `huggingface_hub` raises when a download fails.
    """
    folder = Path(base_model).expanduser()
    if folder.is_dir() or not _is_hub_name(base_model):
        return _checked(folder)
    return _cached(base_model) or _downloaded(base_model)


def fingerprint(settings: GPT2Settings) -> Hashable:
    """A value that changes when the files do, so that a failed load is worth trying again."""
    folders = [
        Path(settings.base_model).expanduser(),
        *([settings.lora_path.expanduser()] if settings.lora_path else []),
    ]
    files = [
        folder / name for folder in folders for name in (".", CONFIG, "config.json", *ADAPTER_WEIGHTS, *SAFETENSORS)
    ]
    return tuple(_time(file) for file in files)


def _time(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


def _adapter_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except OSError as error:
        raise BackendUnavailableError(
            f"{folder} is not a PEFT adapter: {CONFIG} cannot be read ({error.strerror})"
        ) from error
    except ValueError as error:
        raise BackendUnavailableError(f"{folder / CONFIG} is not valid JSON") from error
    kind = config.get("peft_type") if isinstance(config, dict) else None
    if kind != "LORA":
        raise BackendUnavailableError(f'{folder / CONFIG}: peft_type is {kind!r}; expected "LORA"')
    return dict(config)


def _differ(made_for: str, base_model: str) -> bool:
    """Whether two hub names mean different models. A folder can hold anything: there the shapes decide."""
    if not (_is_hub_name(made_for) and _is_hub_name(base_model)) or Path(base_model).is_dir():
        return False
    return made_for.rsplit("/", 1)[-1].lower() != base_model.rsplit("/", 1)[-1].lower()


def _is_hub_name(text: str) -> bool:
    return not text.startswith((".", "~", "/")) and "\\" not in text and text.count("/") <= 1


def _checked(folder: Path) -> Path:
    if not _complete(folder):
        raise BackendUnavailableError(
            f"models.gpt2_lora.base_model: {folder} is not a model's folder; expected config.json, {SAFETENSORS[0]} and a "
            "tokenizer, or a name such as gpt2-medium"
        )
    return folder


def _complete(folder: Path) -> bool:
    has_weights = any((folder / name).is_file() for name in (*SAFETENSORS, *PICKLED))
    has_tokenizer = any((folder / name).is_file() for name in TOKENIZERS)
    return (folder / "config.json").is_file() and has_weights and has_tokenizer


def _cached(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if _complete(folder) else None


def _downloaded(name: str) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(name, allow_patterns=[*_SMALL_FILES, "model*.safetensors"]))
    if not _complete(folder):
        folder = Path(snapshot_download(name, allow_patterns=[*_SMALL_FILES, "pytorch_model*.bin"]))
    return _checked(folder)
