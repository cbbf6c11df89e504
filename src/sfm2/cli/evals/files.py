"""Arguments that name files of results."""

from __future__ import annotations

from pathlib import Path

import click

results_file = click.Path(exists=True, dir_okay=False, path_type=Path)
