"""`sfm2 eval run`: ask the items of a suite and measure the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.commands.eval.options import RunOptions, run_options
from sfm2.cli.commands.eval.progress import answer_bar
from sfm2.cli.commands.eval.table import document, print_runs
from sfm2.cli.completer import prepare_weights
from sfm2.cli.invocation import current
from sfm2.cli.options import examples
from sfm2.cli.progress import waiting
from sfm2.completer import AsyncCompleter
from sfm2.errors import SFM2Error
from sfm2.evals.asking import alone, in_process, over_http
from sfm2.evals.contexts import TreeIndexes
from sfm2.evals.items import Item
from sfm2.evals.results import ResultsFile
from sfm2.evals.running import Arm, EvalRun, header, missing, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.evals.suites import commits
from sfm2.evals.suites.registry import load


@click.command(
    "run",
    epilog=examples(
        "sfm2 eval run humaneval --limit 20",
        "sfm2 eval run repo . --limit 50 --paired",
        "sfm2 eval run commits . --limit 100 --context none --context repository",
        "sfm2 eval run humaneval --url http://gpu-server:8000 --output results.jsonl",
    ),
)
@run_options
def run_command(options: RunOptions) -> None:
    """Ask the items of SUITE and measure the answers: tests passed, files that parse, places where they stop.

    PATH is the file or folder to take items from; humaneval needs none. One model is measured: only the first backend of
    the chain answers. With --output and the file of a run that was stopped, that run is resumed.
    """
    items = load(options.suite, options.path or options.data, options.limit, **options.loading)
    outputs = options.outputs(datetime.now())
    with ExitStack() as files:
        trees = _trees(options, files)
        if trees is not None:
            with waiting(lambda: "reading the repository, commit by commit"):
                items = trees.prepared(items)
        arms: list[Arm] = []
        try:
            asyncio.run(_run(options, items, trees, outputs, arms, files))
        except (KeyboardInterrupt, SFM2Error):
            _say_how_to_resume(items, outputs, arms)
            raise
        if trees is not None:
            terminal.note(f"files found that hold the answer: {trees.leaks}")
        _show(arms, as_json=options.as_json)


def _trees(options: RunOptions, files: ExitStack) -> TreeIndexes | None:
    source = options.path or options.data
    if options.suite != commits.NAME or source is None:
        return None
    return files.enter_context(TreeIndexes.of(source.resolve()))


async def _run(
    options: RunOptions,
    items: Sequence[Item],
    trees: TreeIndexes | None,
    outputs: Sequence[Path],
    arms: list[Arm],
    files: ExitStack,
) -> None:
    sandbox = Sandbox()
    if any(item.test is not None for item in items):
        terminal.note(f"sandbox: {', '.join(await sandbox.check())}")
    async with _completer(options) as completer:
        for asking, path in zip(options.askings(), outputs, strict=True):
            with waiting(lambda: "waiting for the model's first answer"):
                first = await warm_up(completer, asking)
            head = header(options.suite, items, asking, first, options.concurrency)
            arms.append(Arm(asking, files.enter_context(ResultsFile(path, head))))
        if done := len(items) * len(arms) - missing(items, arms):
            terminal.note(f"{done} answers are already in {_names(arms)} and are not asked for again")
        with answer_bar(missing(items, arms)) as answered:
            await EvalRun(completer, sandbox, answered, trees).ask_all(items, arms, options.concurrency)


def _completer(options: RunOptions) -> AbstractAsyncContextManager[AsyncCompleter]:
    if options.url:
        return over_http(options.url, options.api_key, options.concurrency)
    settings = alone(current().settings, options.backend)
    prepare_weights(settings, use_fallback=False)
    return in_process(settings)


def _say_how_to_resume(items: Sequence[Item], outputs: Sequence[Path], arms: Sequence[Arm]) -> None:
    if not arms or not (left := missing(items, arms)):
        return
    done = len(items) * len(arms) - left
    terminal.note(f"{done} of {done + left} answers are in {_names(arms)}; the same command asks for the others")
    terminal.note(f"if it names the file: --output {outputs[0]}")


def _show(arms: Sequence[Arm], *, as_json: bool) -> None:
    runs = [list(arm.file.records.values()) for arm in arms]
    if as_json:
        documents = [
            {"results": str(arm.file.path), "header": asdict(arm.file.header), **document(run)}
            for arm, run in zip(arms, runs, strict=True)
        ]
        terminal.write_line(json.dumps({"runs": documents}))
        return
    names = [str(arm.asking.context) for arm in arms]
    guards = ["with guard" if arm.asking.guard else "without" for arm in arms]
    print_runs(names if len(set(names)) > 1 else guards, runs)
    terminal.note(f"Results are in {_names(arms)}.")


def _names(arms: Sequence[Arm]) -> str:
    return " and ".join(str(arm.file.path) for arm in arms)
