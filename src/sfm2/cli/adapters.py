"""`sfm2 adapters`: the adapters on this machine, and which of them answers. Servers that run here follow at once."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.invocation import current
from sfm2.cli.options import json_option
from sfm2.config import Settings
from sfm2.models.adapters import NONE, Adapter, AdapterStore
from sfm2.models.store import ModelStore
from sfm2.models.weights import digest_of


@click.group()
def adapters() -> None:
    """Adapters: what there is, and which answers."""


@adapters.command("list")
@json_option("For programs.")
def list_(as_json: bool) -> None:
    """Show the adapters, and which of them answers where a request names none."""
    store, settings = _store(), current().settings
    weights = _weights(settings)
    used = store.in_use(weights) if weights else None
    found, damaged = store.list(), store.damaged()
    for error in damaged.values():
        terminal.note(f"warning: {error.message}")
    if as_json:
        terminal.write_line(json.dumps([_record(one, used) for one in found], indent=2))
        return
    terminal.write_line(terminal.visible(terminal.columns(_row(one, used, weights) for one in found)))
    terminal.note("* answers where a request names none." if used else "None is in use.")
    if all(one.shipped for one in found):
        terminal.note("`sfm2 finetune run` makes one of your own code, `sfm2 adapters add FOLDER` adds it.")


@adapters.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", help="Default: the folder's.")
@click.option(
    "--strength",
    type=click.FloatRange(0, 2, min_open=True),
    default=1.0,
    show_default=True,
    help="Half of it keeps more of what the model could before; `sfm2 finetune eval` tells what is best.",
)
@click.option(
    "--holes-only/--everywhere",
    default=None,
    help="Whether it answers, unasked, only where something follows the cursor. Default: as the adapter itself says.",
)
def add(folder: Path, name: str | None, strength: float, holes_only: bool | None) -> None:
    """Copy the adapter in FOLDER, which `sfm2 finetune run` has made, to where servers find it."""
    adapter = _store().add(folder, name, strength, holes_only)
    terminal.note(f"Added {adapter.name}. `sfm2 adapters use {adapter.name}` lets it answer.")


@adapters.command()
@click.argument("name")
def use(name: str) -> None:
    """From now on let the adapter NAME answer where a request names none."""
    store, settings = _store(), current().settings
    adapter = store.find(name)
    if weights := _weights(settings):
        adapter.check_base(weights, settings.models.sfm2.model)
    store.use(name)
    terminal.note(f"{name} answers from now on.")


@adapters.command()
def off() -> None:
    """From now on let the model answer by itself."""
    _store().use(NONE)
    terminal.note("The model answers without an adapter from now on.")


@adapters.command("rm")
@click.argument("name")
def remove(name: str) -> None:
    """Delete the adapter NAME."""
    _store().remove(name)
    terminal.note(f"Removed {name}.")


def _store() -> AdapterStore:
    return AdapterStore(current().settings.storage.data_dir)


def _weights(settings: Settings) -> str | None:
    """The SHA-256 of what the settings name; None where it can't be told from here."""
    return digest_of(settings.models.sfm2, ModelStore(settings.storage.cache_dir))


def _row(adapter: Adapter, used: Adapter | None, weights: str | None) -> tuple[str, ...]:
    fits = "" if weights in (None, adapter.base) else "for other weights than the settings name"
    where = "holes only" if adapter.holes_only else ""
    origin = "came with SFM-2" if adapter.shipped else ""
    mark = "*" if used == adapter else " "
    return (
        f"{mark} {adapter.name}",
        adapter.base_name,
        f"rank {adapter.rank}",
        "; ".join(filter(None, (where, origin, fits))),
    )


def _record(adapter: Adapter, used: Adapter | None) -> dict[str, object]:
    return {
        "name": adapter.name,
        "in_use": used == adapter,
        "base": adapter.base,
        "base_name": adapter.base_name,
        "rank": adapter.rank,
        "scale": adapter.scale,
        "holes_only": adapter.holes_only,
        "digest": adapter.digest,
        "path": str(adapter.folder),
        "shipped": adapter.shipped,
    }
