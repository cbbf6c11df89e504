"""A low-rank adapter (Hu et al. 2021, "LoRA") over a frozen base, by transformers' Trainer and peft.

The loss is on middles and their ends only, and logits are computed where there is a loss: with a vocabulary of 150,000 they
would cost more memory than all else.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfm2.errors import InvalidRequestError, MissingExtraError
from sfm2.finetune.packing import IGNORED, Row, batch

try:
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
    from transformers.pytorch_utils import Conv1D
    from transformers.trainer_utils import get_last_checkpoint
except ModuleNotFoundError as error:
    raise MissingExtraError("training an adapter", "train") from error

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHECKPOINTS, LOGS = "checkpoints", "logs"


@dataclass(frozen=True)
class TrainingSettings:
    """`rows` of the packed length make one step. `learning_rate` decays along a cosine, after `warm_up` (a share of all
    steps). `steps` None: `epochs` over all rows."""

    rank: int = 16
    alpha: int = 32
    learning_rate: float = 3e-4
    warm_up: float = 0.03
    rows: int = 4
    epochs: float = 1.0
    steps: int | None = None
    save_every: int = 25
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """How far a run is. `tokens` are those read, of all steps until now; `seconds` since this process began."""

    step: int
    steps: int
    loss: float
    tokens: int
    seconds: float


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Trained:
    """`finished` False: somebody stopped it; the next call goes on."""

    model: Any
    finished: bool
    losses: list[tuple[int, float]]


def with_adapter(base: PreTrainedModel, settings: TrainingSettings, begun: Path | None = None) -> PeftModel:
    """All linear layers but the output head; the same numbers to begin with for the same seed, or those of the adapter in
    the folder `begun`, which keeps its rank and alpha."""
    torch.manual_seed(settings.seed)
    # peft still reads a property of transformers' that the user of neither can do anything about.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    if begun is not None:
        return PeftModel.from_pretrained(base, str(begun), is_trainable=True, autocast_adapter_dtype=True)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules="all-linear",
        bias="none",
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in base.modules()),  # GPT-2's are transposed
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, config)


def train(
    model: PeftModel | PreTrainedModel,
    rows: Sequence[Row],
    settings: TrainingSettings,
    folder: Path,
    report: Report = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Goes on from the last checkpoint in `folder`; interrupted at any step, it ends as if it had not been.

    `stop` is asked after each step; when it says so, a checkpoint is written and that was it for now. Raises
    InvalidRequestError for no rows.
    """
    if not rows:
        raise InvalidRequestError("no example fits into a row", suggestion="Make shorter examples, or longer rows")
    watch = _Watch(report, stop)
    trainer = _MiddleTrainer(
        model=model,
        args=_arguments(settings, folder),
        train_dataset=list(rows),
        data_collator=batch,
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoints = folder / CHECKPOINTS
    last = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    losses = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return Trained(model, trainer.state.global_step >= trainer.state.max_steps, losses)


def middle_loss(model: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, int]:
    """Of a batch of one row: the sum of the cross entropies at its learnt positions, and how many these are."""
    labels = inputs["labels"][0]
    learnt = (labels[1:] != IGNORED).nonzero().squeeze(1)
    rest = {name: value for name, value in inputs.items() if name != "labels"}
    logits = model(**rest, use_cache=False, logits_to_keep=learnt).logits[0]
    return torch.nn.functional.cross_entropy(logits.float(), labels[learnt + 1], reduction="sum"), len(learnt)


class _MiddleTrainer(Trainer):  # type: ignore[misc]
    """Logits and loss at the learnt positions only."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss, count = middle_loss(model, inputs)
        return loss / (num_items_in_batch if num_items_in_batch is not None else count)


class _Watch(TrainerCallback):  # type: ignore[misc]
    """Tells each step's loss, and stops when somebody wants it."""

    def __init__(self, report: Report, stop: Callable[[], bool]) -> None:
        self._report = report
        self._stop = stop
        self._started = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            seconds = time.monotonic() - self._started
            tokens = int(state.num_input_tokens_seen)
            self._report(Progress(state.global_step, state.max_steps, logs["loss"], tokens, seconds))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._stop():
            control.should_save = True
            control.should_training_stop = True


def _arguments(settings: TrainingSettings, folder: Path) -> TrainingArguments:
    """One row at a time, as `middle_loss` takes them; `rows` of them make a step."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / LOGS)  # transformers takes it from nowhere else
    return TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=settings.rows,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=settings.warm_up,
        num_train_epochs=settings.epochs,
        max_steps=settings.steps if settings.steps is not None else -1,
        bf16=True,
        logging_steps=1,
        save_steps=settings.save_every,
        save_total_limit=2,
        seed=settings.seed,
        data_seed=settings.seed,
        include_num_input_tokens_seen="all",
        remove_unused_columns=False,
        report_to=["tensorboard"],
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
    )


def save(model: PeftModel, folder: Path, manifest: Mapping[str, Any]) -> None:
    """The adapter as PEFT has it (safetensors, in 16 bits), and how it came about."""
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.half()
    model.save_pretrained(str(folder))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
