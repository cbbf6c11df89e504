"""GPT-2 as the base of an adapter: by name from the hub, from a folder, or trained from scratch where there is no hub.

The adapter is for the setting `models.gpt2_lora`. GPT-2 has no special tokens for filling in the middle, so it is trained as
it is used: on the prefix alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sfm2.backends.gpt2 import files as gpt2_files
from sfm2.errors import BackendUnavailableError, InvalidRequestError, MissingExtraError, SFM2Error
from sfm2.finetune.base import Base
from sfm2.finetune.encoding import Encoding
from sfm2.finetune.packing import PackedRow, pack
from sfm2.finetune.training import CHECKPOINTS, TrainingSettings
from sfm2.models.adapters import MANIFEST
from sfm2.models.digest import sha256_of

try:
    import torch
    import transformers

    # The HTTP library below huggingface_hub differs between its versions (requests, httpx, httpx2); it exports the error.
    from huggingface_hub.errors import HTTPError, StrictDataclassError
    from safetensors import SafetensorError
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
except ModuleNotFoundError as error:
    raise MissingExtraError("training an adapter", "train") from error

FROM_SCRATCH = "config:"
"""The prefix of a base name that asks for a new model instead of an existing one."""
SMALL = "gpt2-small"
"""The configuration with 12 layers, width 768, 12 heads and 1,024 positions (Radford et al. 2019, table 2)."""
END = "<|endoftext|>"
VOCABULARY = 8_192
"""Tokens of a tokenizer trained on a repository, which has too little text for GPT-2's 50,257."""
FORM, WHOLE = "prefix", "texts"
"""The forms of training text: a prefix and its completion, or whole texts."""
_MODEL = "model.safetensors"
_FASTER = 2  # the learning rate of a base over an adapter's: 6e-4, as for GPT-3 small (Brown et al. 2020, table 2.1)
_BAD_FILES = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, StrictDataclassError)


@dataclass(frozen=True)
class ScratchBase:
    """A GPT-2 with random weights, and its trained tokenizer."""

    base: Base
    tokenizer: Any
    """A `PreTrainedTokenizerFast`."""

    def rows(self, texts: list[str]) -> list[PackedRow]:
        """The texts as rows of the length of the context window."""
        parts = (part for text in texts for part in self.base.encoding.parts(text, self.base.window))
        return list(pack(parts, self.base.window))

    def save(self, model: Any, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Save the trained model in `folder`, in the layout of transformers. The weights are moved there last, so that
        their presence means that the folder is complete (`is_complete`)."""
        work = folder / "partial"
        shutil.rmtree(work, ignore_errors=True)
        self.tokenizer.save_pretrained(work)
        model.save_pretrained(work)
        (work / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for path in sorted(work.iterdir(), key=lambda path: path.name == _MODEL):
            path.replace(folder / path.name)
        work.rmdir()
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)  # three times the weights each


def load(name: str) -> Base:
    """The GPT-2 called `name`: a folder, or a model of the hub. Raises SFM2Error when it can't be fetched or is no GPT-2."""
    with _blamed_on(f"the base model {name} can't be fetched"):
        folder = gpt2_files.base_folder(name)
    # The adapter's files name its base, so the path must be absolute.
    name = str(folder.resolve()) if Path(name).expanduser().is_dir() else name
    with _blamed_on(f"the base model {name} can't be loaded"):
        kind = transformers.AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind == "gpt2":
            return _base(folder, name)
    raise SFM2Error(
        f"{name} is a {kind}, not a GPT-2",
        suggestion="Leave --base out to train an adapter of the model that SFM-2 serves",
    )


def from_scratch(wanted: str, texts: list[str], seed: int) -> ScratchBase:
    """A GPT-2 with random weights and a tokenizer trained on `texts`; the same arguments give the same model.

    `wanted` is "gpt2-small" or the path of a transformers configuration file. Raises InvalidRequestError when that is not
    the configuration of a GPT-2.
    """
    transformers.logging.disable_progress_bar()
    tokenizer = _tokenizer(texts)
    try:
        config = _config(wanted, tokenizer)
        torch.manual_seed(seed)
        model = transformers.GPT2LMHeadModel(config)
    except _BAD_FILES as error:
        raise InvalidRequestError(
            f"--base {FROM_SCRATCH}{wanted}: {error}",
            suggestion=f"Expected {FROM_SCRATCH}{SMALL}, or a config.json of a GPT-2",
        ) from error
    # There is no weights file yet to take the digest of; the configuration identifies the base instead.
    digest = hashlib.sha256(config.to_json_string().encode()).hexdigest()
    return ScratchBase(Base(wanted, digest, model, _encoding(tokenizer), WHOLE, config.n_positions), tokenizer)


def pretraining(settings: TrainingSettings) -> TrainingSettings:
    """The settings for training all weights of a base, derived from those for an adapter."""
    return replace(settings, learning_rate=settings.learning_rate * _FASTER)


def is_complete(folder: Path) -> bool:
    """Whether `folder` holds a GPT-2 from scratch whose training has finished."""
    return (folder / _MODEL).is_file()


def _base(folder: Path, name: str) -> Base:
    transformers.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
    )
    if info["missing_keys"]:
        raise ValueError(f"its weights lack {min(info['missing_keys'])}")
    model.name_or_path = model.config._name_or_path = name  # peft writes it into the adapter
    weights = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    return Base(name, sha256_of(weights[0]), model, _encoding(tokenizer), FORM, model.config.n_positions)


def _encoding(tokenizer: Any) -> Encoding:
    def tokenize(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)[
            "input_ids"
        ]
        return ids

    return Encoding(tokenize, None, "prefix", tokenizer.eos_token_id)


def _tokenizer(texts: list[str]) -> Any:
    """A tokenizer trained on `texts`: byte-level byte-pair encoding, as GPT-2's."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=sorted(alphabet), show_progress=False
        ),
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=END, eos_token=END)


def _config(wanted: str, tokenizer: Any) -> Any:
    fields: dict[str, Any] = {} if wanted == SMALL else json.loads(Path(wanted).read_text(encoding="utf-8"))
    ends = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.eos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    return transformers.GPT2Config(**{**fields, **ends})


@contextmanager
def _blamed_on(what: str) -> Iterator[None]:
    try:
        yield
    except (BackendUnavailableError, HTTPError, *_BAD_FILES) as error:
        first_line = next(iter(str(error).splitlines()), "")
        raise SFM2Error(
            f"{what}: {first_line or type(error).__name__}",
            suggestion=f"Name a folder that contains it, or {FROM_SCRATCH}{SMALL} to train one from scratch",
        ) from error
