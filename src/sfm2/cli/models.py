"""`sfm2 models`: the weights on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfm2.config import Loaded, Settings, load
from sfm2.errors import WeightsError

if TYPE_CHECKING:
    from sfm2.models.store import ModelStore, StoredModel, Verification


@click.group()
def models() -> None:
    """Weights: what there is, and what is here."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the catalogue, and which of it is on this machine."""
    found = _store(ctx).list()
    if as_json:
        click.echo(json.dumps([_record(model) for model in found], indent=2))
        return
    default = _settings(ctx).models.sfm2.model
    for model in found:
        mark = "*" if model.name == default else " "
        size = f"{model.bytes / 1e6:,.0f} MB"
        click.echo(
            f"{mark} {model.name:22}{size:>10}  {_state(model):24}{model.entry.licence:12}{model.entry.description}"
        )
    click.echo("* is the one the settings name.", err=True)


@models.command()
@click.argument("name", required=False)
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Take the weights from this file instead of the network; they are verified just the same.",
)
@click.pass_context
def pull(ctx: click.Context, name: str | None, source: Path | None) -> None:
    """Fetch the weights NAME (the settings' model if not given), verify them, and print where they are."""
    from sfm2.cli.weights_progress import shown_progress

    with shown_progress() as progress:
        path = _store(ctx).pull(name or _settings(ctx).models.sfm2.model, progress, source)
    click.echo(path)


@models.command()
@click.argument("name")
@click.pass_context
def path(ctx: click.Context, name: str) -> None:
    """Print where the weights NAME are."""
    click.echo(_store(ctx).path(name))


@models.command()
@click.argument("name", required=False)
@click.pass_context
def verify(ctx: click.Context, name: str | None) -> None:
    """Read the weights NAME, or all that are here, and compare their SHA-256 with the catalogue's."""
    store = _store(ctx)
    names = [name] if name else [model.name for model in store.list() if model.path.exists()]
    if not names:
        raise WeightsError("there are no weights on this machine yet", suggestion="sfm2 models pull")
    results = [_verified(store, each) for each in names]
    wrong = [result for result in results if not result.ok]
    if wrong:
        raise WeightsError(
            "; ".join(f"{each.path} has the SHA-256 {each.found}, expected {each.expected}" for each in wrong),
            suggestion=f"sfm2 models pull {wrong[0].name} fetches it anew",
        )


@models.command("rm")
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Delete the weights NAME, and what engines have made of them."""
    freed = _store(ctx).remove(name)
    click.echo(f"Removed {name}: {freed / 1e6:,.0f} MB are free again.")


def _settings(ctx: click.Context) -> Settings:
    return (ctx.find_object(Loaded) or load()).settings


def _store(ctx: click.Context) -> ModelStore:
    from sfm2.models.store import ModelStore

    return ModelStore(_settings(ctx).storage.cache_dir)


def _verified(store: ModelStore, name: str) -> Verification:
    from sfm2.cli.weights_progress import shown_progress

    with shown_progress() as progress:
        result = store.verify(name, progress)
    click.echo(f"{name}: {'sound' if result.ok else 'WRONG'}")
    return result


def _state(model: StoredModel) -> str:
    if model.installed:
        return "here"
    if model.partial_bytes:
        return f"{model.partial_bytes / 1e6:,.0f} MB fetched"
    return "damaged" if model.path.exists() else "-"


def _record(model: StoredModel) -> dict[str, object]:
    entry = model.entry
    return {
        "name": entry.name,
        "description": entry.description,
        "installed": model.installed,
        "path": str(model.path),
        "bytes": entry.bytes,
        "partial_bytes": model.partial_bytes,
        "sha256": entry.sha256,
        "licence": entry.licence,
        "licence_url": entry.licence_url,
        "source": entry.source,
        "prompt_family": entry.prompt_family,
        "context_length": entry.context_length,
        "completion": entry.completion.model_dump(),
    }
