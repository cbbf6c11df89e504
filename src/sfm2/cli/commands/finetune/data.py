"""`sfm2 finetune data`: make examples of repositories."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sfm2.cli import terminal
from sfm2.cli.options import examples, json_option
from sfm2.errors import MissingExtraError
from sfm2.evals.suites import humaneval, infilling, mbpp
from sfm2.evals.suites.registry import Loader
from sfm2.finetune.contamination import ContaminationFilter
from sfm2.finetune.dataset import DataSettings, Report, check_output, collect, save

_FOLDER = click.Path(file_okay=False, path_type=Path)
_DEFAULTS = DataSettings()


@click.command("data", epilog=examples("sfm2 finetune data my-repo other-repo --output examples"))
@click.argument("paths", nargs=-1, required=True, type=_FOLDER)
@click.option("--output", required=True, type=_FOLDER, help="The folder to write to. Examples in it are replaced.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Make at most N training examples.")
@click.option(
    "--held-out",
    type=click.FloatRange(0, 0.5),
    default=_DEFAULTS.held_out,
    show_default=True,
    help="Share of the files to keep for evaluation.",
)
@click.option(
    "--room",
    type=click.IntRange(100, 20_000),
    default=_DEFAULTS.room,
    show_default=True,
    help="Most characters around a hole. Longer examples take longer to train on.",
)
@click.option(
    "--every",
    type=click.IntRange(20),
    default=_DEFAULTS.characters_per_example,
    show_default=True,
    metavar="CHARACTERS",
    help="Make one example for this many characters of a file.",
)
@click.option(
    "--with-context", is_flag=True, help="Show code of other files beside a part of the holes, as it is found."
)
@click.option("--only-permissive", is_flag=True, help="Take only files under a permissive licence.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of evaluation data: files that share 13 words in a row with it are left out.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random choices.")
@json_option("Print the manifest as JSON.")
def data_command(
    paths: tuple[Path, ...],
    output: Path,
    limit: int | None,
    held_out: float,
    room: int,
    every: int,
    with_context: bool,
    only_permissive: bool,
    against: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Make examples of the source files in PATHS, git repositories or folders.

    Left out are files that git ignores, that are generated, vendored, broken, copies of others or under a licence that
    forbids it; lines that hold secrets; and code of evaluation sets. The newest files are held out for evaluation.
    """
    settings = DataSettings(seed, limit, held_out, every, room, only_permissive, with_context)
    check_output(output)
    names, texts = _evaluation_texts(against)
    with _progress() as report:
        manifest = save(collect(paths, settings, ContaminationFilter(texts), report), output)
    terminal.write_line(json.dumps(manifest) if as_json else terminal.visible(_text(manifest)))
    terminal.note(f"Written to {output}. Kept apart from {', '.join(names)}.")


def _evaluation_texts(folder: Path | None) -> tuple[list[str], list[str]]:
    """Names and texts of the evaluation sets that must not be trained on: HumanEval, and those in the folder."""
    loaders: list[tuple[str, Loader, Path | None]] = [(humaneval.NAME, humaneval.load, None)]
    if folder is not None:
        in_folder = (infilling.SINGLE_LINE, infilling.RANDOM_SPAN, mbpp)
        loaders += [(suite.NAME, suite.load, folder) for suite in in_folder]
    names: list[str] = []
    texts: list[str] = []
    for name, load, data in loaders:
        try:
            texts += [item.prefix + (item.expected or "") + item.suffix for item in load(data, None)]
        except MissingExtraError as error:
            terminal.note(f"note: {name} is not kept apart: {error.suggestion}")
        else:
            names.append(name)
    return names or ["nothing"], texts


@contextmanager
def _progress() -> Iterator[Report]:
    if not terminal.notes_to_terminal():
        yield lambda done, total: None
        return
    columns = (TextColumn("reading files"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _text(manifest: Mapping[str, Any]) -> str:
    rows = [(f"{count:,}", f"files in {language}") for language, count in manifest["files"].items()]
    for part, does in (("train", "to learn from"), ("held_out", "held out")):
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in manifest[part]["kinds"].items())
        rows.append((f"{manifest[part]['examples']:,}", f"examples {does} ({kinds})" if kinds else f"examples {does}"))
    rows += [(f"{count:,}", f"left out, {why}") for why, count in manifest["dropped"].items()]
    return terminal.columns(rows)
