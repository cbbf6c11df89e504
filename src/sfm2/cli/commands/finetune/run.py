"""`sfm2 finetune run`: train an adapter on examples."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from sfm2.cli import terminal
from sfm2.cli.completer import ensure_weights
from sfm2.cli.invocation import current
from sfm2.cli.options import examples
from sfm2.errors import SFM2Error
from sfm2.models.adapters import NONE, Adapter, AdapterStore, read_adapter

if TYPE_CHECKING:
    from sfm2.finetune.base import Base
    from sfm2.finetune.job import TrainingEstimate
    from sfm2.finetune.training import Report, TrainingProgress, TrainingSettings

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
_STOPPED = SFM2Error("stopped before the end", suggestion="The same command resumes it")


@click.command(
    "run",
    epilog=examples(
        "sfm2 finetune run examples --output my-adapter",
        "sfm2 finetune run examples --output my-adapter --epochs 2 --rows 16 --dry-run",
    ),
)
@click.argument("data", type=_FOLDER)
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write the adapter to.",
)
@click.option(
    "--base",
    metavar="NAME",
    help="Train a LoRA of this GPT-2 instead, for models.gpt2_lora: a name of the Hugging Face hub such as gpt2-medium, a "
    "folder, or config:gpt2-small, which is trained from scratch.",
)
@click.option(
    "--from",
    "begun",
    metavar="ADAPTER",
    help='Start from this adapter, a name or a folder, with its rank; "none" for a new one. Default: the one in use.',
)
@click.option("--rank", type=click.IntRange(1, 256), default=16, show_default=True, help="Rank of a new adapter.")
@click.option(
    "--alpha",
    type=click.IntRange(1, 512),
    default=32,
    show_default=True,
    help="Scale of a new adapter, divided by its rank.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=3e-4,
    show_default=True,
    help="Highest learning rate of the schedule.",
)
@click.option(
    "--epochs",
    type=click.FloatRange(0, 100, min_open=True),
    default=1.0,
    show_default=True,
    help="How often to read each example.",
)
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Take N steps, regardless of --epochs.")
@click.option("--rows", type=click.IntRange(1, 1024), default=4, show_default=True, help="Rows in a step.")
@click.option("--row", type=click.IntRange(64, 32_768), default=1024, show_default=True, help="Tokens in a row.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random choices.")
@click.option("--dry-run", is_flag=True, help="Estimate the time and memory, but train nothing.")
def run_command(
    data: Path, output: Path, base: str | None, begun: str | None, row: int, dry_run: bool, **given: Any
) -> None:
    """Train an adapter for the model in the settings on the examples in DATA, an output of `sfm2 finetune data`.

    Ctrl-C stops the training after the current step. The same command resumes it, with the same result.
    """
    from sfm2.finetune import job
    from sfm2.finetune.training import TrainingSettings, with_adapter

    if base and begun:
        raise click.UsageError(
            "--from: a LoRA of a GPT-2 always starts new; adapters belong to the model in the settings."
        )
    settings, examples = TrainingSettings(**given), job.examples_of(data)
    with _progress() as report, _stopping() as stop:
        found_base = _gpt2(base, data, output, settings, row, dry_run, report, stop) if base else _served()
        if found_base is None:
            raise _STOPPED
        rows, too_long = job.rows_of(examples, found_base, row, settings.seed)
        if too_long:
            terminal.note(f"{too_long:,} examples are longer than {row:,} tokens and are left out (--row)")
        adapter = None if base else _begun(begun, found_base)
        model = _placed(with_adapter(found_base.model, settings, adapter.folder if adapter else None))
        found = job.estimate(model, rows, settings)
        terminal.note(_text(found_base, found) + (f"; starts from {adapter.name}" if adapter else ""))
        if dry_run:
            return
        job.claim_folder(output, data, found_base, settings, row, adapter)
        trained = job.run(output, found_base, model, rows, settings, report, stop)
    if not trained.finished:
        raise _STOPPED
    terminal.note(f"loss {trained.losses[0][1]:.3f} -> {trained.losses[-1][1]:.3f}")
    terminal.write_line(str(output))


def _gpt2(
    name: str,
    data: Path,
    output: Path,
    settings: TrainingSettings,
    row: int,
    dry_run: bool,
    report: Report,
    stop: Callable[[], bool],
) -> Base | None:
    """The GPT-2 to train a LoRA of. One from scratch is trained in full first, unless that was done; None if the user
    stopped that.
    """
    from sfm2.finetune import gpt2, job

    if not name.startswith(gpt2.FROM_SCRATCH):
        return gpt2.load(name)
    texts, folder, before = [one.text for one in job.examples_of(data)], output / "base", gpt2.pretraining(settings)
    scratch = gpt2.from_scratch(name.removeprefix(gpt2.FROM_SCRATCH), texts, settings.seed)
    job.check_row(scratch.base, row)
    if not dry_run:
        job.claim_folder(folder, data, scratch.base, before, scratch.base.window)
    if gpt2.is_complete(folder):
        return gpt2.load(str(folder))
    rows, model = scratch.rows(texts), _placed(scratch.base.model)
    terminal.note(_text(scratch.base, job.estimate(model, rows, before)))
    if dry_run:
        return replace(scratch.base, form=gpt2.FORM)
    trained = job.run(folder, scratch.base, model, rows, before, report, stop, scratch.save)
    return gpt2.load(str(folder)) if trained.finished else None


def _placed(model: Any) -> Any:
    import torch

    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def _begun(wanted: str | None, base: Base) -> Adapter | None:
    """The adapter to start from. Raises AdapterError for one that does not exist or belongs to other weights."""
    store = AdapterStore(current().settings.storage.data_dir)
    if wanted is None:
        return store.in_use(base.weights)
    if wanted == NONE:
        return None
    adapter = read_adapter(Path(wanted), Path(wanted).name) if Path(wanted).is_dir() else store.find(wanted)
    adapter.check_base(base.weights, base.name)
    return adapter


def _served() -> Base:
    """The model in the settings, as a base for training."""
    from sfm2.finetune import base

    settings = current().settings
    ensure_weights(settings)
    return base.load_served(settings)


def _text(base: Base, found: TrainingEstimate) -> str:
    hours, minutes = divmod(round(found.seconds / 60), 60)
    lasts = f"{hours} h {minutes} min" if hours else f"{max(1, minutes)} min"
    return (
        f"{base.name}, form {base.form}: {found.rows:,} rows, {found.tokens:,} tokens to read, {found.learnt:,} of them to "
        f"learn; about {lasts} ({found.tokens / found.seconds:,.0f} tokens/s); "
        f"{found.memory.needed / 1e9:.1f} GB of memory, {found.memory.free / 1e9:.1f} GB are free"
    )


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether Ctrl-C was pressed. A second Ctrl-C stops at once."""
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
    """Yields a function that shows the progress: a bar on a terminal, elsewhere a line for each step."""
    if not terminal.notes_to_terminal():
        yield lambda progress: terminal.note(_line(progress))
        return
    columns = (TextColumn("loss {task.fields[loss]:.3f}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None, loss=float("nan"))
        yield lambda one: bars.update(task, completed=one.step, total=one.steps, loss=one.loss)


def _line(one: TrainingProgress) -> str:
    return f"step {one.step} of {one.steps}, loss {one.loss:.3f}, {one.tokens:,} tokens, {one.seconds:,.0f} s"
