"""`sfm2 finetune`: teaches the model your own code."""

from __future__ import annotations

import click

from sfm2.cli.finetune.data import data_command
from sfm2.cli.finetune.eval import eval_command
from sfm2.cli.finetune.run import run_command


@click.group("finetune")
def finetune() -> None:
    """Teach the model your own code."""


for _command in (data_command, run_command, eval_command):
    finetune.add_command(_command)
