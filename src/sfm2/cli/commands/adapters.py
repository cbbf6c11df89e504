"""`sfm2 adapters`: list adapters, and choose the one that answers. Servers on this machine follow at once."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option
from sfm2.config import Settings
from sfm2.models.adapters import NONE, Adapter, AdapterStore
from sfm2.models.store import ModelStore
from sfm2.models.weights import digest_of


@click.group(epilog=examples("sfm2 adapters list"))
def adapters() -> None:
    """List adapters, and choose the one that answers."""


@adapters.command("list", epilog=examples("sfm2 adapters list"))
@json_option("Print JSON.")
def list_(as_json: bool) -> None:
    """List the adapters of this machine. A star marks the one that answers requests that name none."""
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
    terminal.note("* answers requests that name no adapter." if used else "None is in use.")
    if all(one.shipped for one in found):
        terminal.note("`sfm2 finetune run` trains one on your own code, `sfm2 adapters add FOLDER` adds it.")


@adapters.command(epilog=examples("sfm2 adapters add my-adapter --name mine --strength 0.5"))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", help="The adapter's name. Default: the folder's.")
@click.option(
    "--strength",
    type=click.FloatRange(0, 2, min_open=True),
    default=1.0,
    show_default=True,
    help="Factor on the adapter's weights; below 1 keeps more of the bare model. `sfm2 finetune eval` measures the effect.",
)
@click.option(
    "--holes-only/--everywhere",
    default=None,
    help="Whether requests that name no adapter get it only where code follows the cursor. Default: the adapter decides.",
)
def add(folder: Path, name: str | None, strength: float, holes_only: bool | None) -> None:
    """Copy the adapter in FOLDER, an output of `sfm2 finetune run`, to where servers find it."""
    adapter = _store().add(folder, name, strength, holes_only)
    terminal.note(f"Added {adapter.name}. `sfm2 adapters use {adapter.name}` makes it answer.")


@adapters.command(epilog=examples("sfm2 adapters use mine"))
@click.argument("name")
def use(name: str) -> None:
    """Let the adapter NAME answer requests that name none, from now on."""
    store, settings = _store(), current().settings
    adapter = store.find(name)
    if weights := _weights(settings):
        adapter.check_base(weights, settings.models.sfm2.model)
    store.use(name)
    terminal.note(f"{name} answers from now on.")


@adapters.command(epilog=examples("sfm2 adapters off"))
def off() -> None:
    """Let the model answer without an adapter, from now on."""
    _store().use(NONE)
    terminal.note("The model answers without an adapter from now on.")


@adapters.command("rm", epilog=examples("sfm2 adapters rm mine"))
@click.argument("name")
def remove(name: str) -> None:
    """Delete the adapter NAME."""
    _store().remove(name)
    terminal.note(f"Removed {name}.")


def _store() -> AdapterStore:
    return AdapterStore(current().settings.storage.data_dir)


def _weights(settings: Settings) -> str | None:
    """The SHA-256 of the weights that the settings name; None if this machine cannot know it."""
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
