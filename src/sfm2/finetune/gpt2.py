"""GPT-2 as the base of an adapter: by its name, from a folder, or made from scratch where the hub is out of reach.

What comes of it is what `models.gpt2_lora` loads. GPT-2 has no marks to fill in the middle with, so it learns as it is
asked: from the prefix alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from sfm2.backends import gpt2_files
from sfm2.corpus import example
from sfm2.errors import BackendUnavailableError, InvalidRequestError, MissingExtraError, SFM2Error
from sfm2.finetune.base import Base
from sfm2.finetune.dataset import TRAIN
from sfm2.finetune.encoding import Encoding, Sequence
from sfm2.finetune.packing import pack
from sfm2.finetune.training import Report, TrainingSettings, train
from sfm2.models.digest import sha256_of

try:
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
except ModuleNotFoundError as error:
    raise MissingExtraError("training an adapter", "train") from error

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FROM_SCRATCH = "config:"
SMALL = "gpt2-small"  # 12 layers, 768 wide, 12 heads, 1,024 positions (Radford et al. 2019, table 2)
END = "<|endoftext|>"
VOCABULARY = 8_192  # tokens of a tokenizer that is trained on a repository: there is no text for GPT-2's 50,257
_MODEL = "model.safetensors"


def load(name: str) -> Base:
    """A name of the hub or a folder. Raises SFM2Error when it can't be had or is no GPT-2."""
    try:
        folder = gpt2_files.base_folder(name)
    except (BackendUnavailableError, OSError, httpx.HTTPError) as error:
        raise SFM2Error(
            f"the base model {name} can't be had: {str(error).splitlines()[0]}",
            suggestion=f"Name a folder that holds it, or {FROM_SCRATCH}{SMALL} to make one from scratch",
        ) from error
    return _base(folder, name)


def make(
    wanted: str, data: Path, folder: Path, settings: TrainingSettings, report: Report, stop: Callable[[], bool]
) -> Base | None:
    """A GPT-2 from scratch in `folder`: `wanted` is "gpt2-small", or a configuration file of transformers'. Tokenizer and
    all weights are trained on the texts of `data`, in `settings.steps` steps or one epoch.

    Goes on where it was stopped; None when somebody stopped it. Raises InvalidRequestError for a configuration that is none.
    """
    if not (folder / _MODEL).is_file():
        texts = [one.text for one in example.read(data / TRAIN)]
        tokenizer = _tokenizer(texts)
        model = _empty(_config(wanted, tokenizer), settings.seed)
        rows = list(pack(_chunks(texts, tokenizer, model.config.n_positions), model.config.n_positions))
        trained = train(model, rows, replace(settings, learning_rate=settings.learning_rate * 2), folder, report, stop)
        if not trained.finished:
            return None
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
    return _base(folder, str(folder))


def _base(folder: Path, name: str) -> Base:
    transformers.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    if model.config.model_type != "gpt2":
        raise SFM2Error(
            f"{name} is a {model.config.model_type}, not a GPT-2",
            suggestion="Leave --base out to train an adapter of the model that SFM-2 serves",
        )
    model.name_or_path = model.config._name_or_path = name  # peft writes it into the adapter

    def tokenize(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)[
            "input_ids"
        ]
        return ids

    encoding = Encoding(tokenize, None, "prefix", tokenizer.eos_token_id)
    weights = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    return Base(name, sha256_of(weights[0]), model, encoding, "prefix", model.config.n_positions)


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
    fields: dict[str, Any] = {}
    if wanted != SMALL:
        try:
            fields = json.loads(Path(wanted).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidRequestError(
                f"--base {FROM_SCRATCH}{wanted}: {error}",
                suggestion=f"Expected {FROM_SCRATCH}{SMALL}, or a config.json of a GPT-2",
            ) from error
    ends = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.eos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    return transformers.GPT2Config(**{**fields, **ends})


def _empty(config: Any, seed: int) -> PreTrainedModel:
    torch.manual_seed(seed)
    return transformers.GPT2LMHeadModel(config)


def _chunks(texts: list[str], tokenizer: Any, length: int) -> Iterator[Sequence]:
    """Every token but the first is learnt."""
    for text in texts:
        ids = [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        for start in range(0, len(ids), length):
            part = tuple(ids[start : start + length])
            if len(part) > 1:
                yield Sequence(part, len(part) - 1)
