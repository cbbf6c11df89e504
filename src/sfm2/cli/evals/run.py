"""`sfm2 eval run`: asks a suite's questions, and says what came of it."""

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
from sfm2.cli.evals.progress import answer_bar
from sfm2.cli.evals.run_options import RunOptions, run_options
from sfm2.cli.evals.run_table import document, print_runs
from sfm2.cli.invocation import current
from sfm2.cli.local import prepare
from sfm2.cli.waiting import waiting
from sfm2.errors import SFM2Error
from sfm2.evals.asking import Answerer, alone, in_process, over_http
from sfm2.evals.items import Item
from sfm2.evals.results import ResultsFile
from sfm2.evals.running import Arm, EvalRun, header, missing, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.evals.suites.registry import load


@click.command("run")
@run_options
def run_command(options: RunOptions) -> None:
    """Ask the items of SUITE and measure the answers: tests passed, files that parse, places where they stop.

    PATH is the file or folder to take items from; humaneval needs none. One model is measured: of the chain, only the first
    backend answers. A run that was stopped goes on when --output names its file.
    """
    items = load(options.suite, options.path or options.data, options.limit, **options.loading)
    outputs = options.outputs(datetime.now())
    with ExitStack() as files:
        arms: list[Arm] = []
        try:
            asyncio.run(_run(options, items, outputs, arms, files))
        except (KeyboardInterrupt, SFM2Error):
            _say_how_to_go_on(items, outputs, arms)
            raise
        _show(arms, as_json=options.as_json)


async def _run(
    options: RunOptions, items: Sequence[Item], outputs: Sequence[Path], arms: list[Arm], files: ExitStack
) -> None:
    sandbox = Sandbox()
    if any(item.test is not None for item in items):
        terminal.note(f"sandbox: {', '.join(await sandbox.check())}")
    async with _answerer(options) as answer:
        for asking, path in zip(options.askings(), outputs, strict=True):
            with waiting(lambda: "waiting for the model's first answer"):
                first = await warm_up(answer, asking)
            head = header(options.suite, items, asking, first, options.concurrency)
            arms.append(Arm(asking, files.enter_context(ResultsFile(path, head))))
        if done := len(items) * len(arms) - missing(items, arms):
            terminal.note(f"{done} answers are there already, in {_names(arms)}: they are not asked for again")
        with answer_bar(missing(items, arms)) as answered:
            await EvalRun(answer, sandbox, answered).ask_all(items, arms, options.concurrency)


def _answerer(options: RunOptions) -> AbstractAsyncContextManager[Answerer]:
    if options.url:
        return over_http(options.url, options.api_key, options.concurrency)
    settings = alone(current().settings, options.backend)
    prepare(settings, use_fallback=False)
    return in_process(settings)


def _say_how_to_go_on(items: Sequence[Item], outputs: Sequence[Path], arms: Sequence[Arm]) -> None:
    if not arms or not (left := missing(items, arms)):
        return
    done = len(items) * len(arms) - left
    terminal.note(f"{done} of {done + left} answers are in {_names(arms)}; the same command goes on with the others")
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
    print_runs(["with guard" if arm.asking.guard else "without" for arm in arms], runs)
    terminal.note(f"Results are in {_names(arms)}.")


def _names(arms: Sequence[Arm]) -> str:
    return " and ".join(str(arm.file.path) for arm in arms)
