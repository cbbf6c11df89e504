"""`python -m sfm2.server.openapi` writes openapi.json; `--check` fails if it is out of date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sfm2.config import Settings
from sfm2.server.app import create_app


def document() -> str:
    """The API's description, the same for equal code."""
    app = create_app(Settings.model_validate({"fallback": {"chain": ["echo"]}}))
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if the file differs.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path("openapi.json"))
def main(check: bool, file: Path) -> None:
    """Write the API's description to FILE."""
    if not check:
        file.write_text(document(), encoding="utf-8")
    elif not file.is_file() or file.read_text(encoding="utf-8") != document():
        click.echo(f"{file} is out of date; `python -m sfm2.server.openapi` writes it", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
