"""`python -m docs.reference` writes the generated parts of the pages; `--check` tells whether they are up to date."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from docs.reference.commands import commands, exits
from docs.reference.languages import languages_table
from docs.reference.measured import section
from docs.reference.modules import modules, typescript
from docs.reference.pages import filled
from docs.reference.problems import problems
from docs.reference.routes import routes, shapes
from docs.reference.settings import settings

ROOT = Path(__file__).parents[2]
_API = ROOT / "openapi.json"
_MEASURED = ROOT / "docs" / "evaluation" / "README.md"
PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "exits": exits,
    "problems": problems,
    "routes": partial(routes, _API),
    "shapes": partial(shapes, _API),
    "languages": languages_table,
    "modules": modules,
    "typescript": typescript,
    "guard": partial(section, _MEASURED, "The guard"),
    "adapter": partial(section, _MEASURED, "The adapter that comes with it"),
    "stops": partial(section, _MEASURED, "Where completions stop"),
    "confidence": partial(section, _MEASURED, "Confidence"),
    "cost": partial(section, _MEASURED, "What the guard costs"),
}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a page differs.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "docs")
def main(check: bool, folder: Path) -> None:
    """Make the generated parts of the pages in FOLDER and its folders."""
    pages = [path for path in sorted(folder.rglob("*.md")) if "build" not in path.parts]
    stale = [path for path in pages if _differs(path, write=not check)]
    if check and stale:
        names = ", ".join(path.name for path in stale)
        click.echo(f"{names} out of date; `python -m docs.reference` writes what is generated", err=True)
        sys.exit(1)


def _differs(path: Path, *, write: bool) -> bool:
    old = path.read_text(encoding="utf-8")
    new = filled(old, PARTS)
    if write and new != old:
        path.write_text(new, encoding="utf-8")
    return new != old


if __name__ == "__main__":
    main()
