"""`sfm2 stats`: show a server's usage statistics."""

from __future__ import annotations

from typing import Any

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target, running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option, target_options
from sfm2.types import Stats, StatsWindows, WindowStats


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
    if isinstance(value, StatsWindows):
        return [(f"last {span.replace('_', ' ')}", _window(found)) for span, found in value if found.total_requests]
    label, unit = name.replace("_", " "), _unit(name)
    if isinstance(value, dict):
        return [(f"{label}: {key}", _shown(entry, unit)) for key, entry in value.items() if entry]
    return [] if value is None else [(label, _shown(value, unit))]


def _window(found: WindowStats) -> str:
    """Such as `12 requests, 1 failed, 340 tokens, p50 0.230 s, p95 0.800 s`."""
    failed = found.total_requests - found.successful_requests
    times = [f"{name} {found.latency[name]:,.3f} s" for name in ("p50", "p95") if name in found.latency]
    requests = "request" if found.total_requests == 1 else "requests"
    counts = [f"{found.total_requests:,} {requests}", f"{failed:,} failed", f"{found.tokens_generated:,} tokens"]
    return ", ".join([*counts, *times])


def _unit(name: str) -> str | None:
    extra = Stats.model_fields[name].json_schema_extra
    return str(extra["x-unit"]) if isinstance(extra, dict) and "x-unit" in extra else None


def _shown(value: float, unit: str | None) -> str:
    if unit == "seconds":
        return f"{value:,.3f} s"
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:,}"
