"""From a folder of examples to an adapter: what `sfm2 finetune run` does, in its order."""

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
from sfm2.finetune import room
from sfm2.finetune.base import Base
from sfm2.finetune.dataset import MANIFEST, TRAIN
from sfm2.finetune.packing import Row, batch, pack
from sfm2.finetune.training import Report, Trained, TrainingSettings, middle_loss, save, train
from sfm2.models.adapters import Adapter

RUN = "run.json"
_PACKAGES = ("torch", "transformers", "peft", "accelerate")

Keep = Callable[[Any, Path, Mapping[str, Any]], None]
"""Saves a trained model in a folder, with the manifest that says how it came about."""


@dataclass(frozen=True)
class Estimate:
    """Before it begins: `seconds` in all, by one row that was tried; `tokens` that are read, and `learnt` of them."""

    rows: int
    tokens: int
    learnt: int
    seconds: float
    room: room.Room


def check_row(base: Base, length: int) -> None:
    """Raises InvalidRequestError for rows of more tokens than the base can see."""
    if length > base.window:
        raise InvalidRequestError(
            f"rows of {length:,} tokens: {base.name} sees {base.window:,}", suggestion="Lower --row"
        )


def examples_of(data: Path) -> list[Example]:
    """Those to train on. Raises InvalidRequestError for a folder that has none."""
    if not (data / TRAIN).is_file():
        raise InvalidRequestError(f"{data}: no {TRAIN}", suggestion="`sfm2 finetune data` makes such a folder")
    return list(example.read(data / TRAIN))


def rows_of(examples: Sequence[Example], base: Base, length: int, seed: int) -> tuple[list[Row], int]:
    """The examples as rows of `length` tokens, and how many are left out because they are longer. Raises
    InvalidRequestError as `check_row` does, and when none fits."""
    check_row(base, length)
    random = Random(seed)
    sequences = [base.encoding.sequence(one, random) for one in examples]
    rows = list(pack(sequences, length))
    if not rows:
        raise InvalidRequestError(
            f"none of {len(sequences)} examples fits into {length} tokens", suggestion="Raise --row"
        )
    return rows, len(sequences) - sum(len(row.sequences) for row in rows)


def claim(
    folder: Path, data: Path, base: Base, settings: TrainingSettings, length: int, begun: Adapter | None = None
) -> None:
    """Notes what this run is, so that it goes on only as it began. `begun`: the adapter that it goes on from. Raises
    InvalidRequestError if it was another."""
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
                f"{folder} holds a run that was begun with other {', '.join(differs)}",
                suggestion="Name another adapter, or remove that folder",
            )
    folder.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")


def estimate(model: Any, rows: list[Row], settings: TrainingSettings) -> Estimate:
    """Tries the longest row, forward and back. Raises SFM2Error when there is no memory for it."""
    longest = max(rows, key=len)
    learnt = [sum(sequence.learnt for sequence in row.sequences) for row in rows]
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    found = room.room_for(model, trainable, len(longest), max(learnt))
    found.check()
    seconds = _seconds_for(model, longest)
    share = settings.epochs if settings.steps is None else settings.steps * settings.rows / len(rows)
    tokens = sum(map(len, rows))
    return Estimate(
        len(rows), int(tokens * share), int(sum(learnt) * share), seconds / len(longest) * tokens * share, found
    )


def run(
    folder: Path,
    base: Base,
    model: Any,
    rows: list[Row],
    settings: TrainingSettings,
    report: Report,
    stop: Callable[[], bool],
    keep: Keep = save,
) -> Trained:
    """Trains until the end, or until somebody stops it; what is finished is kept: as an adapter, if nothing else is said."""
    started = time.monotonic()
    trained = train(model, rows, settings, folder, report, lambda: stop() or room.is_scarce())
    if trained.finished:
        keep(trained.model, folder, _manifest(folder, base, rows, trained, time.monotonic() - started))
        _save_gguf(trained.model, folder, base)
    return trained


def _save_gguf(model: Any, folder: Path, base: Base) -> None:
    """Raises SFM2Error when it says another thing than what was trained."""
    if base.architecture is None:
        return
    from sfm2.finetune import gguf_adapter

    path = gguf_adapter.write(folder, base.architecture)
    found = gguf_adapter.difference(model, path)
    if not found <= gguf_adapter.TOLERANCE:
        path.unlink()
        raise SFM2Error(
            f"the adapter as GGUF gives logits that differ by {found:.3g}; at most {gguf_adapter.TOLERANCE}"
        )


def _manifest(folder: Path, base: Base, rows: list[Row], trained: Trained, seconds: float) -> Mapping[str, Any]:
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


def _seconds_for(model: Any, row: Row) -> float:
    """A row's forward and backward pass, once for all that is made at first use, once for the time."""
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
