"""`sfm2 index`: let SFM-2 know repositories."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option
from sfm2.errors import RepositoryError
from sfm2.repository.collection import IndexCollection, IndexPlace
from sfm2.repository.contents import IndexSize

_FOLDER = click.Path(path_type=Path)


@click.group(epilog=examples("sfm2 index add .", "sfm2 index status"))
def index() -> None:
    """List, make and delete indexes of repositories."""


@index.command(epilog=examples("sfm2 index add .", "sfm2 index add ~/projects/shop"))
@click.argument("folder", type=_FOLDER)
def add(folder: Path) -> None:
    """Index the repository in FOLDER, or bring its index up to date."""
    with _collection().open(folder) as opened:
        update = opened.update()
        size = opened.size()
    held = f"{size.files:,} files, {size.lines:,} lines, {_megabytes(size)}"
    done = f"added {update.added:,}, changed {update.changed:,}, removed {update.removed:,} in {update.seconds:.1f} s"
    terminal.note(f"Indexed {opened.root}: {held}; {done}.")


@index.command("list", epilog=examples("sfm2 index list"))
@json_option("Print JSON.")
def list_(as_json: bool) -> None:
    """List the folders that have an index."""
    found = _collection().list()
    if as_json:
        terminal.write_line(json.dumps([_record(one) for one in found], indent=2))
        return
    for one in found:
        terminal.write_line(terminal.visible(str(one.root)))
    if not found:
        terminal.note("There is none. `sfm2 index add FOLDER` makes one.")


@index.command(epilog=examples("sfm2 index status", "sfm2 index status --json"))
@click.argument("folder", type=_FOLDER, default=".")
@json_option("Print JSON.")
def status(folder: Path, as_json: bool) -> None:
    """Show what the index has that FOLDER is in. Default: that of the working directory."""
    place = _collection().find(folder)
    if place is None:
        raise RepositoryError(
            f"{folder.resolve()} is in no folder that has an index", suggestion="`sfm2 index add FOLDER` makes one"
        )
    with _collection().open(place.root) as opened:
        size = opened.size()
    if as_json:
        terminal.write_line(json.dumps({**_record(place), **size._asdict()}, indent=2))
        return
    rows = [
        ("Folder", str(place.root)),
        ("Files", f"{size.files:,}"),
        ("Lines", f"{size.lines:,}"),
        ("Passages", f"{size.passages:,}"),
        ("Definitions", f"{size.definitions:,}"),
        ("On disk", f"{_megabytes(size)}, {place.file}"),
    ]
    terminal.write_line(terminal.visible(terminal.columns(rows)))


@index.command("rm", epilog=examples("sfm2 index rm ."))
@click.argument("folder", type=_FOLDER)
def remove(folder: Path) -> None:
    """Delete the index of FOLDER. Its files stay."""
    _collection().remove(folder)
    terminal.note(f"Removed the index of {folder.resolve()}.")


def _collection() -> IndexCollection:
    return IndexCollection(current().settings.storage.cache_dir)


def _megabytes(size: IndexSize) -> str:
    return f"{size.bytes / 1e6:.1f} MB"


def _record(one: IndexPlace) -> dict[str, object]:
    return {"folder": str(one.root), "exists": one.root.is_dir(), "path": str(one.file)}
