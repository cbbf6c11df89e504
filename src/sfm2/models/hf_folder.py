"""A Hugging Face folder: weights as safetensors, with their configuration and tokenizer beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sfm2.errors import WeightsError
from sfm2.models.digest import DigestCache
from sfm2.models.facts import ModelFacts
from sfm2.models.progress import Progress, silent

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
_PARTS = "model.safetensors.index.json"
_AGAIN = "Fetch it once more: the download may have ended early"
_LONGEST_HEADER = 100_000_000  # bytes, as the format has it


def is_folder(path: Path) -> bool:
    """Whether `path` is one, rather than a GGUF file or a folder with one."""
    return (path / CONFIG).is_file() and not any(path.glob("*.gguf"))


def check(folder: Path) -> None:
    """Raises WeightsError when weights or tokenizer are missing, or are not there in full."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise WeightsError(
            f"{folder} holds no *.safetensors",
            suggestion="Name a folder with safetensors; formats that can hold code, such as *.bin, are not read",
        )
    if not (folder / TOKENIZER).is_file():
        raise WeightsError(
            f"{folder} has no {TOKENIZER}", suggestion="Save the tokenizer there with transformers' save_pretrained"
        )
    named = _fields(folder / _PARTS).get("weight_map", {}) if (folder / _PARTS).is_file() else {}
    if missing := sorted(set(named.values()) - {file.name for file in files}):
        raise WeightsError(f"{folder} has no {missing[0]}, which {_PARTS} names", suggestion=_AGAIN)
    for file in files:
        _check_size(file)


def _check_size(file: Path) -> None:
    """By its header: 8 bytes with its length, then JSON with the place of each tensor in what follows."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header: dict[str, Any] = json.loads(opened.read(length) if length <= _LONGEST_HEADER else b"")
        ends = [one["data_offsets"][1] for name, one in header.items() if name != "__metadata__"]
        expected = 8 + length + max(ends, default=0)
    except OSError as error:
        raise WeightsError(f"cannot read {file}: {error.strerror or error}") from error
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise WeightsError(f"{file} is not a safetensors file, or only a part of one", suggestion=_AGAIN) from error
    if size < expected:
        raise WeightsError(
            f"{file} is truncated: expected {expected:,} bytes, it has {size:,}",
            suggestion=_AGAIN,
        )


def digest(folder: Path, digests: DigestCache, progress: Progress = silent) -> str:
    """A SHA-256 over the names and digests of its safetensors files. Raises OSError when one can't be read."""
    files = sorted(folder.glob("*.safetensors"))
    lines = (f"{digests.digest(file, progress)} {file.name}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def facts(folder: Path) -> ModelFacts:
    """What its configuration says. Raises WeightsError for one that lacks what is needed."""
    config = _fields(folder / CONFIG)
    config = config.get("text_config", config)
    try:
        heads = int(config["num_attention_heads"])
        return ModelFacts(
            name=folder.name,
            architecture=str(config["model_type"]),
            context_length=int(config["max_position_embeddings"]),
            layers=int(config["num_hidden_layers"]),
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_size=int(config.get("head_dim") or int(config["hidden_size"]) // heads),
            stop_token_ids=tuple(sorted(_stop_token_ids(folder, config))),
            chat_template=_chat_template(folder),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{folder / CONFIG} is not the configuration of a language model: {error!r}") from error


def vocabulary_size(folder: Path) -> int:
    """Of the model, which may be larger than its tokenizer's. Raises WeightsError as `facts` does."""
    config = _fields(folder / CONFIG)
    try:
        return int(config.get("text_config", config)["vocab_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{folder / CONFIG} is not the configuration of a language model: {error!r}") from error


def _stop_token_ids(folder: Path, config: dict[str, Any]) -> set[int]:
    """The end of a sequence, and every token that is no text."""
    generation = folder / "generation_config.json"
    ends = (_fields(generation) if generation.is_file() else {}).get("eos_token_id", config.get("eos_token_id"))
    added = _fields(folder / TOKENIZER).get("added_tokens", [])
    special = {int(token["id"]) for token in added if token.get("special")}
    return special | {int(end) for end in (ends if isinstance(ends, list) else [ends]) if end is not None}


def _chat_template(folder: Path) -> str | None:
    own, config = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    template = (_fields(config) if config.is_file() else {}).get("chat_template")
    return template if isinstance(template, str) else None


def _fields(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read {path}: {error}") from error
    return found if isinstance(found, dict) else {}
