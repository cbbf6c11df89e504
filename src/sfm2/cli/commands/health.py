"""`sfm2 health`: check a server and its models."""

from __future__ import annotations

import time

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target, loading_text, running_server
from sfm2.cli.exit_codes import Exit
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option, target_options
from sfm2.config import Settings
from sfm2.types import Health
from sfm2.wording import backend_rows

_PAUSE = 0.2  # seconds between two looks at models that are loading


@click.command(
    epilog=examples("sfm2 health", "sfm2 health --api-url http://gpu-server:8000 --json", "sfm2 health --local")
)
@json_option("Print the whole response as JSON.")
@target_options
@click.pass_context
def health(ctx: click.Context, as_json: bool, target: Target) -> None:
    """Check a server and its models.

    With --local, load the models in this process and check those. Exit code 0: healthy. 1: degraded or unhealthy. 3: no
    server answers.
    """
    place, found = (_of_this_process if target.local else _of_server)(target, current().settings)
    if as_json:
        terminal.write_line(found.model_dump_json())
    else:
        terminal.write_line(terminal.visible(_text(place, found)))
    ctx.exit(Exit.OK if found.status == "healthy" else Exit.ERROR)


def _of_server(target: Target, settings: Settings) -> tuple[str, Health]:
    with running_server(target, settings) as (client, url):
        return url, client.health()


def _of_this_process(target: Target, settings: Settings) -> tuple[str, Health]:
    from sfm2.cli.progress import waiting
    from sfm2.core import ModelManager

    with ModelManager(settings) as manager, waiting(lambda: loading_text(manager.health()) or "loading"):
        while loading_text(found := manager.health()):
            time.sleep(_PAUSE)
        return "this process", found


def _text(place: str, found: Health) -> str:
    version = f" (SFM-2 {found.version})" if found.version else ""
    storage = f"\n\nstorage: {found.storage}" if found.storage else ""
    rows = terminal.columns([("BACKEND", "STATUS", "REASON"), *backend_rows(found)])
    return f"{place}{version}: {found.status}\n\n{rows}{storage}"
