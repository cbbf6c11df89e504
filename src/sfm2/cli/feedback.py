"""`sfm2 feedback`: what became of a completion."""

from __future__ import annotations

import click

from sfm2.cli import terminal
from sfm2.cli.answerer import running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import Access, access_options
from sfm2.types import Outcome


@click.command()
@click.argument("completion_id", metavar="ID")
@click.argument("outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@access_options
def feedback(completion_id: str, outcome: str, access: Access) -> None:
    """Tell a server that a completion was accepted, edited or rejected.

    ID is the completion's; `--json` shows it. Once more replaces what was told before. No code is stored; `sfm2 stats`
    counts, and `sfm2 eval calibrate --feedback` learns from it.
    """
    if access.local:
        raise click.UsageError("--local: only a server remembers what it has answered.")
    settings = current().settings
    url = running_server(access, settings.api)
    from sfm2.cli.remote import Remote

    with Remote.connected(url, access.api_key, settings) as remote:
        remote.client.feedback(completion_id, outcome)
    terminal.note(f"{url} has noted it.")
