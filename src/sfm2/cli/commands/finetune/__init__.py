"""`sfm2 finetune`: train the model on your own code."""

from __future__ import annotations

import click

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.commands.finetune.eval import eval_command
from sfm2.cli.commands.finetune.run import run_command
from sfm2.cli.options import examples


@click.group("finetune", epilog=examples("sfm2 finetune data my-repo --output examples"))
def finetune() -> None:
    """Train the model on your own code."""


for _command in (data_command, run_command, eval_command):
    finetune.add_command(_command)
