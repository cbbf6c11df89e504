"""`sfm2 ps`: what a server has loaded."""

from __future__ import annotations

import json

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target, running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option, target_options
from sfm2.types import BackendHealth, BackendStatus, Health

_HEADER = ("MODEL", "BACKEND", "STATUS", "DEVICE", "ADAPTER")
_LOADED = (BackendStatus.AVAILABLE, BackendStatus.LOADING)


@click.command(epilog=examples("sfm2 ps", "sfm2 ps --api-url http://gpu-server:8000 --json"))
@json_option("Print JSON.")
@target_options
def ps(as_json: bool, target: Target) -> None:
    """List the models that a server has loaded, or is loading.

    `sfm2 health` also shows backends that are not set up, and why. Exit code 3: no server answers.
    """
    if target.local:
        raise click.UsageError("--local: only a server keeps models loaded.")
    with running_server(target, current().settings) as (client, url):
        loaded = _loaded(client.health())
    if as_json:
        terminal.write_line(json.dumps([{"backend": name, **one.model_dump(mode="json")} for name, one in loaded]))
        return
    terminal.write_line(terminal.visible(terminal.columns([_HEADER, *(_row(name, one) for name, one in loaded)])))
    terminal.note(f"at {url}")


def _loaded(health: Health) -> list[tuple[str, BackendHealth]]:
    return [(name, one) for name, one in health.backends.items() if one.status in _LOADED]


def _row(name: str, one: BackendHealth) -> tuple[str, ...]:
    status = str(one.status) if one.progress is None else f"{one.status}, {one.progress:.0%}"
    return (one.model or "-", name, status, one.device or "-", one.adapter or "-")
