"""`sfm2 finetune`: teaches the model your own code."""

from __future__ import annotations

import click

from sfm2.cli.finetune.data import data_command


@click.group("finetune")
def finetune() -> None:
    """Teach the model your own code."""


finetune.add_command(data_command)
