"""`sfm2 eval`: how good the completions are, in numbers."""

from __future__ import annotations

import click

from sfm2.cli.evals.calibrate import calibrate_command
from sfm2.cli.evals.compare import compare_command
from sfm2.cli.evals.report import report_command
from sfm2.cli.evals.run import run_command


@click.group("eval")
def evals() -> None:
    """Measure how good the completions are."""


for _command in (run_command, compare_command, report_command, calibrate_command):
    evals.add_command(_command)
