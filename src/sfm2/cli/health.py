"""`sfm2 health`: how a server and its models are."""

from __future__ import annotations

import time

import click

from sfm2.cli import terminal
from sfm2.cli.answerer import running_server
from sfm2.cli.exits import Exit
from sfm2.cli.invocation import Invocation, current
from sfm2.cli.options import Access, access_options, json_option
from sfm2.types import BackendStatus, Health

_PAUSE = 0.2  # seconds between two looks at models that load


@click.command()
@json_option("Print the whole response as JSON.")
@access_options
@click.pass_context
def health(ctx: click.Context, as_json: bool, access: Access) -> None:
    """Say how a server and its models are.

    With --local, load the models in this process and say how that went. Exit code 0: healthy. 1: degraded, or unhealthy.
    3: there is no server.
    """
    place, found = _of_this_process(current()) if access.local else _of_server(access, current())
    if as_json:
        terminal.write_line(found.model_dump_json())
    else:
        terminal.write_line(terminal.visible(_text(place, found)))
    ctx.exit(Exit.OK if found.status == "healthy" else Exit.ERROR)


def _of_server(access: Access, invocation: Invocation) -> tuple[str, Health]:
    url = running_server(access, invocation.settings.api)
    from sfm2.cli.remote import Remote

    with Remote.connected(url, access.api_key, invocation.settings) as remote:
        return url, remote.health()


def _of_this_process(invocation: Invocation) -> tuple[str, Health]:
    from sfm2.cli.waiting import waiting
    from sfm2.core import ModelManager

    with ModelManager(invocation.settings) as manager, waiting(lambda: "loading"):
        while BackendStatus.LOADING in (found := manager.health()).model_status.values():
            time.sleep(_PAUSE)
        return "this process", found


def _text(place: str, found: Health) -> str:
    rows = [(name, str(status), found.model_details.get(name, "")) for name, status in found.model_status.items()]
    version = f" (SFM-2 {found.version})" if found.version else ""
    return f"{place}{version}: {found.status}\n\n{terminal.columns([('BACKEND', 'STATUS', 'REASON'), *rows])}"
