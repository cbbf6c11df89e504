"""From a folder of examples to an adapter: the steps of `sfm2 finetune run`, in order."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import sfm2
from sfm2.corpus import example
from sfm2.corpus.example import Example
from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.finetune import memory
from sfm2.finetune.base import Base
from sfm2.finetune.dataset import MANIFEST, TRAIN
from sfm2.finetune.packing import PackedRow, batch, pack
from sfm2.finetune.training import Report, Trained, TrainingSettings, middle_loss, save, train
from sfm2.models.adapters import Adapter

RUN = "run.json"
"""The file in a run's folder that says what the run is."""
_PACKAGES = ("torch", "transformers", "peft", "accelerate")

SaveModel = Callable[[Any, Path, Mapping[str, Any]], None]
"""Saves a trained model in a folder, with a manifest that records how it was trained."""


@dataclass(frozen=True)
class TrainingEstimate:
    """What a run will take, measured before it begins."""

    rows: int
    """The number of packed rows."""
    tokens: int
    """Tokens processed over all epochs."""
    learnt: int
    """How many of these tokens count in the loss."""
    seconds: float
    """The duration, extrapolated from one row."""
    memory: memory.MemoryNeed


def check_row(base: Base, length: int) -> None:
    """Raise InvalidRequestError when rows of `length` tokens are longer than the base's context window."""
    if length > base.window:
        raise InvalidRequestError(
            f"rows of {length:,} tokens: {base.name} has a context window of {base.window:,}", suggestion="Lower --row"
        )


def examples_of(data: Path) -> list[Example]:
    """The training examples in the folder `data`. Raises InvalidRequestError when it has none."""
    if not (data / TRAIN).is_file():
        raise InvalidRequestError(f"{data}: no {TRAIN}", suggestion="`sfm2 finetune data` creates such a folder")
    return list(example.read(data / TRAIN))


def rows_of(examples: Sequence[Example], base: Base, length: int, seed: int) -> tuple[list[PackedRow], int]:
    """The examples packed into rows of `length` tokens, and the number of examples left out because they are longer.

    Raises InvalidRequestError when the base's context window is shorter than `length`, or when no example fits.
    """
    check_row(base, length)
    random = Random(seed)
    sequences = [base.encoding.sequence(one, random) for one in examples]
    rows = list(pack(sequences, length))
    if not rows:
        raise InvalidRequestError(
            f"none of {len(sequences)} examples fits into {length} tokens", suggestion="Raise --row"
        )
    return rows, len(sequences) - sum(len(row.sequences) for row in rows)


def claim_folder(
    folder: Path, data: Path, base: Base, settings: TrainingSettings, length: int, begun: Adapter | None = None
) -> None:
    """Record in `folder` what this run is, so that it is only resumed with the same base, data and settings.

    `length` is the number of tokens in a row, `begun` the adapter that training starts from. Raises InvalidRequestError when
    the folder belongs to another run; the message names the differences.
    """
    wanted = {
        "base": base.weights,
        "from": begun.digest if begun else None,
        "holes_only": begun.holes_only if begun else False,
        "form": base.form,
        "data": json.loads((data / MANIFEST).read_text(encoding="utf-8"))["train"]["sha256"],
        "row": length,
        "settings": asdict(settings),
    }
    place = folder / RUN
    if place.is_file():
        found = json.loads(place.read_text(encoding="utf-8"))
        if differs := [name for name, value in wanted.items() if found.get(name) != value]:
            raise InvalidRequestError(
                f"{folder} belongs to a run with different values of {', '.join(differs)}",
                suggestion="Name another adapter, or remove that folder",
            )
    folder.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def estimate(model: Any, rows: list[PackedRow], settings: TrainingSettings) -> TrainingEstimate:
    """Estimate time and memory by a forward and a backward pass over the longest row.

    Raises SFM2Error when the machine has too little memory; nothing is tried then.
    """
    longest = max(rows, key=len)
    learnt = [sum(sequence.learnt for sequence in row.sequences) for row in rows]
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    found = memory.estimate_memory(model, trainable, len(longest), max(learnt))
    found.check()
    seconds = _seconds_for(model, longest)
    share = settings.epochs if settings.steps is None else settings.steps * settings.rows / len(rows)
    tokens = sum(map(len, rows))
    return TrainingEstimate(
        len(rows), int(tokens * share), int(sum(learnt) * share), seconds / len(longest) * tokens * share, found
    )


def run(
    folder: Path,
    base: Base,
    model: Any,
    rows: list[PackedRow],
    settings: TrainingSettings,
    report: Report,
    stop: Callable[[], bool],
    keep: SaveModel = save,
) -> Trained:
    """Train until the end, or until `stop` returns True or memory runs low; resume from the last checkpoint in `folder`.

    A finished model is saved with `keep`, as an adapter by default, and also as GGUF if the base has an `architecture`. When
    `Trained.finished` is False, the same call continues the run. Raises SFM2Error when the GGUF file differs from the model.
    """
    started = time.monotonic()
    trained = train(model, rows, settings, folder, report, lambda: stop() or memory.is_scarce())
    if trained.finished:
        keep(trained.model, folder, _manifest(folder, base, rows, trained, time.monotonic() - started))
        _save_gguf(trained.model, folder, base)
    return trained


def _save_gguf(model: Any, folder: Path, base: Base) -> None:
    """Write the adapter as GGUF too. Raises SFM2Error when its logits differ from those of the trained model."""
    if base.architecture is None:
        return
    from sfm2.finetune import gguf_adapter

    path = gguf_adapter.write(folder, base.architecture)
    found = gguf_adapter.difference(model, path)
    if not found <= gguf_adapter.TOLERANCE:
        path.unlink()
        raise SFM2Error(
            f"the adapter's GGUF file gives logits that differ by {found:.3g}, more than {gguf_adapter.TOLERANCE}"
        )


def _manifest(folder: Path, base: Base, rows: list[PackedRow], trained: Trained, seconds: float) -> Mapping[str, Any]:
    return {
        **json.loads((folder / RUN).read_text(encoding="utf-8")),
        "base_name": base.name,
        "rows": len(rows),
        "tokens": sum(map(len, rows)),
        "losses": trained.losses,
        "seconds_of_last_part": round(seconds, 1),
        "python": platform.python_version(),
        "sfm2": sfm2.__version__,
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _seconds_for(model: Any, row: PackedRow) -> float:
    """The time of a row's forward and backward pass; the first of two passes warms up."""
    import torch

    seconds = 0.0
    for _ in range(2):
        started = time.monotonic()
        inputs = {name: value.to(model.device) for name, value in batch([row]).items()}
        with torch.autocast(model.device.type, torch.bfloat16):
            loss, _ = middle_loss(model, inputs)
        loss.backward()
        model.zero_grad(set_to_none=True)
        seconds = time.monotonic() - started
    return seconds
