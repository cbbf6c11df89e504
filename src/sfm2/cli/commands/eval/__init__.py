"""`sfm2 eval`: measure the quality of completions."""

from __future__ import annotations

import click

from sfm2.cli.commands.eval.calibrate import calibrate_command
from sfm2.cli.commands.eval.compare import compare_command
from sfm2.cli.commands.eval.report import report_command
from sfm2.cli.commands.eval.run import run_command
from sfm2.cli.options import examples


@click.group("eval", epilog=examples("sfm2 eval run humaneval --limit 20"))
def evals() -> None:
    """Measure the quality of completions."""


for _command in (run_command, compare_command, report_command, calibrate_command):
    evals.add_command(_command)
