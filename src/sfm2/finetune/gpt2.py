"""GPT-2 as the base of an adapter: by its name, from a folder, or made from scratch where the hub is out of reach.

What comes of it is what `models.gpt2_lora` loads. GPT-2 has no marks to fill in the middle with, so it learns as it is
asked: from the prefix alone.
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
from sfm2.finetune.packing import Row, pack
from sfm2.finetune.training import CHECKPOINTS, TrainingSettings
from sfm2.models.adapters import MANIFEST
from sfm2.models.digest import sha256_of

try:
    import torch
    import transformers

    # Which library its errors are of differs between its versions (requests, httpx, httpx2), so it is asked for them.
    from huggingface_hub.errors import HTTPError, StrictDataclassError
    from safetensors import SafetensorError
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
except ModuleNotFoundError as error:
    raise MissingExtraError("training an adapter", "train") from error

FROM_SCRATCH = "config:"
SMALL = "gpt2-small"  # 12 layers, 768 wide, 12 heads, 1,024 positions (Radford et al. 2019, table 2)
END = "<|endoftext|>"
VOCABULARY = 8_192  # tokens of a tokenizer that is trained on a repository: there is no text for GPT-2's 50,257
FORM, WHOLE = "prefix", "texts"  # what an example is trained as: a prefix and what follows it, or all that there is
_MODEL = "model.safetensors"
_FASTER = 2  # a base against an adapter: 6e-4 where that has 3e-4, as GPT-3's small (Brown et al. 2020, table 2.1)
_BAD_FILES = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, StrictDataclassError)


@dataclass(frozen=True)
class Scratch:
    """A GPT-2 that has learnt nothing yet, and its tokenizer, which is trained."""

    base: Base
    tokenizer: Any

    def rows(self, texts: list[str]) -> list[Row]:
        """All of the texts, in rows as long as the model sees."""
        parts = (part for text in texts for part in self.base.encoding.parts(text, self.base.window))
        return list(pack(parts, self.base.window))

    def keep(self, model: Any, folder: Path, manifest: Mapping[str, Any]) -> None:
        """A folder as transformers has them. The weights come last and whole: with them it is made (`is_made`)."""
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
    """A name of the hub or a folder. Raises SFM2Error when it can't be had, is damaged, or is no GPT-2."""
    with _blamed_on(f"the base model {name} can't be had"):
        folder = gpt2_files.base_folder(name)
    # The adapter names its base, and shall do so from anywhere.
    name = str(folder.resolve()) if Path(name).expanduser().is_dir() else name
    with _blamed_on(f"the base model {name} can't be loaded"):
        kind = transformers.AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind == "gpt2":
            return _base(folder, name)
    raise SFM2Error(
        f"{name} is a {kind}, not a GPT-2",
        suggestion="Leave --base out to train an adapter of the model that SFM-2 serves",
    )


def scratch(wanted: str, texts: list[str], seed: int) -> Scratch:
    """`wanted` is "gpt2-small", or a configuration file of transformers'; the vocabulary is made of the texts. The same for
    the same arguments. Raises InvalidRequestError for a configuration that is none."""
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
    # There is no file yet; what it is made by stands for it.
    digest = hashlib.sha256(config.to_json_string().encode()).hexdigest()
    return Scratch(Base(wanted, digest, model, _encoding(tokenizer), WHOLE, config.n_positions), tokenizer)


def pretraining(settings: TrainingSettings) -> TrainingSettings:
    """Those for all weights of a base, where `settings` are an adapter's."""
    return replace(settings, learning_rate=settings.learning_rate * _FASTER)


def is_made(folder: Path) -> bool:
    """Whether a GPT-2 from scratch is there, to its end."""
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
    """Byte-level byte-pair encoding, as GPT-2's."""
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
            suggestion=f"Name a folder that holds it, or {FROM_SCRATCH}{SMALL} to make one from scratch",
        ) from error
