"""`sfm2 finetune run`: examples -> an adapter."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from sfm2.cli import terminal
from sfm2.cli.first_use import ensure_weights
from sfm2.cli.invocation import current
from sfm2.config import Settings
from sfm2.errors import SFM2Error
from sfm2.prompts import Form

if TYPE_CHECKING:
    from sfm2.finetune.job import Base, Estimate
    from sfm2.finetune.training import Progress, Report

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)


@click.command("run")
@click.argument("data", type=_FOLDER)
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="The adapter's folder.")
@click.option("--rank", type=click.IntRange(1, 256), default=16, show_default=True)
@click.option("--alpha", type=click.IntRange(1, 512), default=32, show_default=True)
@click.option("--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=3e-4, show_default=True)
@click.option("--epochs", type=click.FloatRange(0, 100, min_open=True), default=1.0, show_default=True)
@click.option("--steps", type=click.IntRange(1), metavar="N", help="So many steps, whatever the epochs.")
@click.option("--rows", type=click.IntRange(1, 1024), default=4, show_default=True, help="Rows that make a step.")
@click.option("--row", type=click.IntRange(64, 32_768), default=1024, show_default=True, help="Tokens of a row.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--dry-run", is_flag=True, help="Say how long it would take, and how much memory.")
def run_command(data: Path, output: Path, row: int, dry_run: bool, **given: Any) -> None:
    """Train an adapter for the model in the settings on the examples in DATA, which `sfm2 finetune data` made.

    Ctrl-C stops it after the current step; the same command goes on from there, to the same result.
    """
    from sfm2.finetune import job
    from sfm2.finetune.training import TrainingSettings, with_adapter

    settings = TrainingSettings(**given)
    base = _base(current().settings)
    rows = job.rows_of(data, base.encoding, row, settings.seed)
    model = with_adapter(base.model, settings)
    found = job.estimate(model, rows, settings)
    terminal.note(_text(base, found))
    if dry_run:
        return
    job.claim(output, data, base, settings, row)
    with _progress() as report, _stopping() as stop:
        trained = job.run(output, base, model, rows, settings, report, stop)
    if not trained.finished:
        raise SFM2Error("stopped before the end", suggestion="The same command goes on from here")
    terminal.note(f"loss {trained.losses[0][1]:.3f} -> {trained.losses[-1][1]:.3f}")
    terminal.write_line(str(output))


def _base(settings: Settings) -> Base:
    """The model that is served, and its own tokenizer."""
    import openvino_genai
    import torch

    from sfm2.engine.preparation import prepare
    from sfm2.finetune import base
    from sfm2.finetune.encoding import Encoding, family_of
    from sfm2.finetune.job import Base
    from sfm2.models.store import ModelStore
    from sfm2.models.weights import ensure

    ensure_weights(settings)
    weights = ensure(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    task = asyncio.run(prepare(settings, lambda step, share: None))
    tokenizer = openvino_genai.Tokenizer(str(task.folder))

    def tokenize(text: str) -> list[int]:
        return [int(i) for i in tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]] if text else []

    form = cast(Form, task.hole_form or "psm")
    encoding = Encoding.of(tokenize, family_of(tokenize), form)
    return Base(weights.name, weights.sha256, base.load(weights, torch.bfloat16, task.folder), encoding, form)


def _text(base: Base, found: Estimate) -> str:
    hours, minutes = divmod(round(found.seconds / 60), 60)
    lasts = f"{hours} h {minutes} min" if hours else f"{max(1, minutes)} min"
    return (
        f"{base.name}, form {base.form}: {found.rows:,} rows, {found.tokens:,} tokens to read, {found.learnt:,} of them to "
        f"learn; about {lasts} ({found.tokens / found.seconds:,.0f} tokens/s); {found.room.needed / 1e9:.1f} GB of memory, "
        f"{found.room.free / 1e9:.1f} GB are free"
    )


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; a second time ends it at once."""
    pressed = False

    def handler(number: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        terminal.note("stopping after this step ...")

    before = signal.signal(signal.SIGINT, handler)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar on a terminal; elsewhere a line for each step."""
    if not terminal.notes_to_terminal():
        yield lambda progress: terminal.note(_line(progress))
        return
    columns = (TextColumn("loss {task.fields[loss]:.3f}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None, loss=float("nan"))
        yield lambda one: bars.update(task, completed=one.step, total=one.steps, loss=one.loss)


def _line(one: Progress) -> str:
    return f"step {one.step} of {one.steps}, loss {one.loss:.3f}, {one.tokens:,} tokens, {one.seconds:,.0f} s"
