"""Training a low-rank adapter (Hu et al. 2021, "LoRA") over a frozen base, with transformers' Trainer and peft.

Only middles and end tokens count in the loss, and logits are computed only where there is a loss: with a vocabulary of
150,000 tokens, all of them would take more memory than everything else.
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
from sfm2.finetune.packing import IGNORED, PackedRow, batch

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
    """The hyperparameters of a run; stored in its folder."""

    rank: int = 16
    """The rank of the adapter's matrices."""
    alpha: int = 32
    """The adapter's update is scaled by alpha / rank."""
    learning_rate: float = 3e-4
    """The highest learning rate; it decays to 0 along a cosine."""
    warm_up: float = 0.03
    """The share of steps, at the beginning, in which the learning rate rises from 0."""
    rows: int = 4
    """The number of packed rows in a step."""
    epochs: float = 1.0
    """How often all rows are used, unless `steps` is given."""
    steps: int | None = None
    """The number of steps. None: as many as `epochs` takes."""
    save_every: int = 25
    """Steps between two checkpoints."""
    seed: int = 0


@dataclass(frozen=True)
class TrainingProgress:
    """The state of a run after a step."""

    step: int
    """The number of steps done, in this process and before."""
    steps: int
    """The number of steps in the whole run."""
    loss: float
    """The step's mean cross entropy per token that counts, in nats."""
    tokens: int
    """Tokens processed in all steps so far."""
    seconds: float
    """The time since this process began the training."""


Report = Callable[[TrainingProgress], None]
"""Called after each step."""


@dataclass(frozen=True)
class Trained:
    """What a call of `train` came to."""

    model: Any
    finished: bool
    """False if the run was stopped; the next call resumes it."""
    losses: list[tuple[int, float]]
    """The loss of each step so far, as (step, loss)."""


def with_adapter(base: PreTrainedModel, settings: TrainingSettings, begun: Path | None = None) -> PeftModel:
    """`base` with a trainable adapter on all linear layers but the output head.

    The adapter is new, initialised by `settings.seed`, or a copy of the one in the folder `begun`, which keeps its rank and
    alpha.
    """
    torch.manual_seed(settings.seed)
    # peft reads a deprecated property of transformers; our users can do nothing about that.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    if begun is not None:
        return PeftModel.from_pretrained(base, str(begun), is_trainable=True, autocast_adapter_dtype=True)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules="all-linear",
        bias="none",
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in base.modules()),  # GPT-2's matrices are transposed
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, config)


def train(
    model: PeftModel | PreTrainedModel,
    rows: Sequence[PackedRow],
    settings: TrainingSettings,
    folder: Path,
    report: Report = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train `model` on `rows`, resuming from the last checkpoint in `folder`. An interruption does not change the result.

    `report` is called after each step, and so is `stop`: when that returns True, a checkpoint is written and training ends
    for now. Raises InvalidRequestError when there are no rows.
    """
    if not rows:
        raise InvalidRequestError("no example fits into a row", suggestion="Use shorter examples or longer rows")
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
    """The sum of the cross entropies over the positions of a batch that count, and the number of these positions.

    `inputs` is a batch of one row, as `packing.batch` makes it.
    """
    labels = inputs["labels"][0]
    learnt = (labels[1:] != IGNORED).nonzero().squeeze(1)
    rest = {name: value for name, value in inputs.items() if name != "labels"}
    logits = model(**rest, use_cache=False, logits_to_keep=learnt).logits[0]
    return torch.nn.functional.cross_entropy(logits.float(), labels[learnt + 1], reduction="sum"), len(learnt)


class _MiddleTrainer(Trainer):  # type: ignore[misc]
    """Computes logits and loss only at the positions that count."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss, count = middle_loss(model, inputs)
        return loss / (num_items_in_batch if num_items_in_batch is not None else count)


class _Watch(TrainerCallback):  # type: ignore[misc]
    """Reports each step, and ends the training when `stop` returns True."""

    def __init__(self, report: Report, stop: Callable[[], bool]) -> None:
        self._report = report
        self._stop = stop
        self._started = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            seconds = time.monotonic() - self._started
            tokens = int(state.num_input_tokens_seen)
            self._report(TrainingProgress(state.global_step, state.max_steps, logs["loss"], tokens, seconds))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._stop():
            control.should_save = True
            control.should_training_stop = True


def _arguments(settings: TrainingSettings, folder: Path) -> TrainingArguments:
    """The Trainer's arguments: one row at a time, as `middle_loss` needs, and `settings.rows` of them in a step."""
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / LOGS)  # the only way to set it in transformers
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
    """Save the adapter in `folder` in PEFT's format (safetensors, 16 bits), and `manifest` as `manifest.json`."""
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.half()
    model.save_pretrained(str(folder))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
