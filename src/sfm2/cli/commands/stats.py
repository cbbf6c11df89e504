"""`sfm2 stats`: show a server's usage statistics."""

from __future__ import annotations

from typing import Any

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target, running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option, target_options
from sfm2.types import Stats


@click.command(epilog=examples("sfm2 stats", "sfm2 stats --json"))
@json_option("Print the whole response as JSON.")
@target_options
def stats(as_json: bool, target: Target) -> None:
    """Show a server's usage statistics."""
    if target.local:
        raise click.UsageError("--local: only a server has statistics.")
    with running_server(target, current().settings) as (client, _):
        found = client.stats()
    terminal.write_line(found.model_dump_json() if as_json else terminal.visible(_text(found)))


def _text(found: Stats) -> str:
    return terminal.columns(row for name in Stats.model_fields for row in _rows(name, getattr(found, name)))


def _rows(name: str, value: Any) -> list[tuple[str, str]]:
    """The rows of a field of `Stats`: one, or one for each entry of a dictionary. Null and entries of 0 have none."""
    label, unit = name.replace("_", " "), _unit(name)
    if isinstance(value, dict):
        return [(f"{label}: {key}", _shown(entry, unit)) for key, entry in value.items() if entry]
    return [] if value is None else [(label, _shown(value, unit))]


def _unit(name: str) -> str | None:
    extra = Stats.model_fields[name].json_schema_extra
    return str(extra["x-unit"]) if isinstance(extra, dict) and "x-unit" in extra else None


def _shown(value: float, unit: str | None) -> str:
    if unit == "seconds":
        return f"{value:,.3f} s"
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:,}"
