"""`sfm2 models`: list, download, verify, export and delete weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfm2.cli.invocation import settings
from sfm2.cli.options import examples
from sfm2.errors import WeightsError

if TYPE_CHECKING:
    from sfm2.models.store import ModelStore, StoredModel, Verification


@click.group(epilog=examples("sfm2 models list"))
def models() -> None:
    """List, download, verify, export and delete weights."""


@models.command("list", epilog=examples("sfm2 models list"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the catalogue, and which of its weights are on this machine."""
    found = _store().list()
    if as_json:
        click.echo(json.dumps([_record(model) for model in found], indent=2))
        return
    default = settings().models.sfm2.model
    for model in found:
        mark = "*" if model.name == default else " "
        size = f"{model.bytes / 1e6:,.0f} MB"
        click.echo(
            f"{mark} {model.name:22}{size:>10}  {_state(model):24}{model.entry.licence:12}{model.entry.description}"
        )
    click.echo("* is the one that the settings name.", err=True)


@models.command(epilog=examples("sfm2 pull", "sfm2 pull qwen2.5-coder-1.5b", "sfm2 models pull --from weights.gguf"))
@click.argument("name", required=False)
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Copy the weights from this file instead of downloading them. They are verified in either case.",
)
def pull(name: str | None, source: Path | None) -> None:
    """Download weights.

    Those called NAME (default: the model that the settings name) are downloaded, verified, and their path is printed. What
    a download that was stopped has got is kept.
    """
    from sfm2.cli.progress import shown_progress

    with shown_progress() as progress:
        path = _store().pull(name or settings().models.sfm2.model, progress, source)
    click.echo(path)


@models.command(epilog=examples("sfm2 models path qwen2.5-coder-0.5b"))
@click.argument("name")
def path(name: str) -> None:
    """Print the path of the weights NAME."""
    click.echo(_store().path(name))


@models.command(epilog=examples("sfm2 models verify"))
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Compare the SHA-256 of the weights NAME, or of all on this machine, with the catalogue's."""
    store = _store()
    names = [name] if name else [model.name for model in store.list() if model.path.exists()]
    if not names:
        raise WeightsError("there are no weights on this machine yet", suggestion="sfm2 models pull")
    results = [_verified(store, each) for each in names]
    wrong = [result for result in results if not result.ok]
    if wrong:
        raise WeightsError(
            "; ".join(f"{each.path} has the SHA-256 {each.found}, expected {each.expected}" for each in wrong),
            suggestion=f"sfm2 models pull {wrong[0].name} downloads it again",
        )


@models.command(epilog=examples("sfm2 models export qwen2.5-coder-0.5b --to hf"))
@click.argument("name", required=False)
@click.option("--to", "form", type=click.Choice(["hf"]), required=True, help="hf: a Hugging Face folder.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A new or empty folder. Default: one in the cache, where engines that read such folders look.",
)
def export(name: str | None, form: str, output: Path | None) -> None:
    """Write weights in the form of other programs.

    Those called NAME (default: what the settings name) are dequantised to bfloat16, with their tokenizer and chat template,
    and the path of the folder is printed.
    """
    click.echo(_exported(name, output))


@models.command("rm", epilog=examples("sfm2 models rm qwen2.5-coder-1.5b"))
@click.argument("name")
def remove(name: str) -> None:
    """Delete the weights NAME and the files that engines have converted them to."""
    freed = _store().remove(name)
    click.echo(f"Removed {name}: {freed / 1e6:,.0f} MB are free again.")


def _store() -> ModelStore:
    from sfm2.models.store import ModelStore

    return ModelStore(settings().storage.cache_dir)


def _verified(store: ModelStore, name: str) -> Verification:
    from sfm2.cli.progress import shown_progress

    with shown_progress() as progress:
        result = store.verify(name, progress)
    click.echo(f"{name}: {'sound' if result.ok else 'WRONG'}")
    return result


def _exported(name: str | None, output: Path | None) -> Path:
    from sfm2.cli.progress import shown_progress
    from sfm2.models.exporting.folder import export_to, exported
    from sfm2.models.weights import resolve

    wanted = settings().models.sfm2
    with shown_progress() as progress:
        if name is not None:
            wanted = wanted.model_copy(update={"model": name, "path": None})
        weights = resolve(wanted, _store(), progress)
        if output is not None:
            return export_to(weights, output, progress)
        size = weights.path.stat().st_size
        return exported(
            weights, settings().storage.cache_dir, lambda step, share: progress(step, int((share or 0) * size), size)
        )


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
