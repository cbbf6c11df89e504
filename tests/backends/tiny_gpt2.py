"""A real GPT-2, small enough to make in a second, and a LoRA trained until it knows one text by heart. For tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import peft
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from sfm2.backends.gpt2.backend import GPT2LoRA
from sfm2.config import GPT2Settings

FUNCTION = (
    "def total(values):\n"
    '    """Σ of the values."""\n'
    "    result = 0\n"
    "    for value in values:\n"
    "        result += value\n"
    "    return result\n"
)
END = "<|endoftext|>"
WINDOW = 128


class Folders(NamedTuple):
    base: Path
    lora: Path

    def backend(self, **options: Any) -> GPT2LoRA:
        return GPT2LoRA(GPT2Settings(base_model=str(self.base), lora_path=self.lora, device="cpu"), **options)


def make_base(folder: Path, *, width: int = 64, layers: int = 2) -> Path:
    """A randomly initialised base model with a byte-level BPE trained on the function."""
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=WINDOW,
        n_embd=width,
        n_layer=layers,
        n_head=2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.2,  # at GPT-2's 0.02 so narrow a model can't tell tokens apart
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        resid_pdrop=0.0,
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def make_tokenizer() -> Any:
    bpe = Tokenizer(models.BPE())
    # As in GPT-2's vocabulary, a line break does not join with the indentation behind it.
    lines = pre_tokenizers.Split("\n", "isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([lines, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=[END], initial_alphabet=alphabet, show_progress=False, limit_alphabet=256
    )
    bpe.train_from_iterator([FUNCTION], trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=END, eos_token=END)


def train_lora(base: Path, folder: Path) -> Path:
    """Trains until the function comes out of it."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    model = peft.get_peft_model(
        transformers.AutoModelForCausalLM.from_pretrained(base),
        peft.LoraConfig(
            r=8, lora_alpha=16, target_modules=["c_attn", "c_proj", "c_fc"], task_type="CAUSAL_LM", fan_in_fan_out=True
        ),
    )
    ids = torch.tensor([[*tokenizer(FUNCTION)["input_ids"], tokenizer.eos_token_id]])
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(500):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.02:
            break
    model.save_pretrained(folder, save_embedding_layers=False)
    return folder
