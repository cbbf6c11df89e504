"""`sfm2 finetune eval`: measure what an adapter gains on its own repository and loses elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.commands.eval.compare import comparison_document
from sfm2.cli.commands.eval.progress import answer_bar
from sfm2.cli.completer import prepare_weights
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option
from sfm2.cli.progress import waiting
from sfm2.config import Settings
from sfm2.evals.asking import Asking, alone, in_process
from sfm2.evals.comparing import Comparison, compare
from sfm2.evals.items import Item
from sfm2.evals.results import Results, ResultsFile
from sfm2.evals.running import Arm, EvalRun, header, missing, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.evals.suites import held_out, humaneval, infilling
from sfm2.evals.tables import comparison_head, comparison_rows
from sfm2.models.adapters import NONE, AdapterStore

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
_DEFAULT_LIMIT = 200


@click.command("eval", epilog=examples("sfm2 finetune eval examples --adapter my-adapter"))
@click.argument("data", type=_FOLDER)
@click.option(
    "--adapter",
    required=True,
    help="The adapter's name, or its folder, an output of `sfm2 finetune run`, which is added.",
)
@click.option("--against", help='The adapter to compare with; "none" for the bare model. Default: the one in use.')
@click.option(
    "--general",
    type=click.Path(exists=True, path_type=Path),
    help="Folder with HumanEval-infilling, to measure what was lost. Default: HumanEval itself.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=_DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help="Take at most N holes of each suite.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write results to. An unfinished run in it is resumed.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Number of requests at a time."
)
@json_option("Print the figures as JSON.")
def eval_command(
    data: Path,
    adapter: str,
    against: str | None,
    general: Path | None,
    limit: int,
    output: Path | None,
    concurrency: int,
    as_json: bool,
) -> None:
    """Compare an adapter with the one in use, on the holes that DATA holds out and on a general suite.

    Both get the same requests, in turn. Other clients do not get the adapter's answers before `sfm2 adapters use`.
    """
    settings = current().settings
    names = _names(settings, adapter, against)
    suites = {held_out.NAME: held_out.load(data, limit), **_general(general, limit)}
    folder = output or Path(f"finetune-eval-{names[1]}")
    prepare_weights(settings, use_fallback=False)
    found = asyncio.run(_compared(alone(settings), suites, names, folder, concurrency))
    if as_json:
        terminal.write_line(json.dumps({name: comparison_document(one) for name, one in found.items()}))
    else:
        terminal.write_line(terminal.visible("\n".join(_lines(found, names))))
        terminal.note(f"Results are in {folder}.")


def _names(settings: Settings, given: str, against: str | None) -> list[str]:
    """The adapters to compare: the present one, and the given one, which is added if need be. Raises AdapterError."""
    store = AdapterStore(settings.storage.data_dir)
    adapter = store.add(Path(given)) if Path(given).is_dir() else store.find(given)
    if against is None:
        used = store.in_use(adapter.base)
        against = used.name if used and used != adapter else NONE
    return [against, adapter.name]


def _general(data: Path | None, limit: int) -> dict[str, list[Item]]:
    if data is None:
        return {humaneval.NAME: humaneval.load(None, limit)}
    return {infilling.SINGLE_LINE.NAME: infilling.SINGLE_LINE.load(data, limit)}


async def _compared(
    settings: Settings, suites: dict[str, list[Item]], names: Sequence[str], folder: Path, at_once: int
) -> dict[str, Comparison]:
    sandbox = Sandbox()
    await sandbox.check()
    found: dict[str, Comparison] = {}
    async with in_process(settings) as completer:
        with waiting(lambda: "waiting for the model's first answer"):
            first = [await warm_up(completer, Asking(adapter=name)) for name in names]
        for suite, items in suites.items():
            with ExitStack() as files:
                arms = [
                    Arm(asking, files.enter_context(ResultsFile(folder / f"{suite}.{name}.jsonl", head)))
                    for name, one in zip(names, first, strict=True)
                    for asking in [Asking(adapter=name)]
                    for head in [header(suite, items, asking, one, at_once)]
                ]
                terminal.note(f"{suite}: {len(items)} items")
                with answer_bar(missing(items, arms)) as answered:
                    await EvalRun(completer, sandbox, answered).ask_all(items, arms, at_once)
                base, other = (Results(arm.file.header, list(arm.file.records.values())) for arm in arms)
                found[suite] = compare(base, other)
    return found


def _lines(found: dict[str, Comparison], names: Sequence[str]) -> Iterator[str]:
    for suite, comparison in found.items():
        head = [word.upper() for word in comparison_head(*names)]
        yield f"{suite}, {comparison.pairs} pairs"
        yield ""
        yield terminal.columns([head, *comparison_rows(comparison)])
        yield ""
