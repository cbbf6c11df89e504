"""`sfm2 feedback`: report what became of a completion."""

from __future__ import annotations

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target, running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, target_options
from sfm2.types import Outcome


@click.command(epilog=examples("sfm2 feedback 3f2a8c0e accepted"))
@click.argument("completion_id", metavar="ID")
@click.argument("outcome", type=click.Choice([outcome.value for outcome in Outcome]))
@target_options
def feedback(completion_id: str, outcome: str, target: Target) -> None:
    """Report that a completion was accepted, edited or rejected.

    ID is the completion's, as `sfm2 generate --json` prints it. A later report replaces an earlier one. No code is stored;
    `sfm2 stats` shows the counts, and `sfm2 eval calibrate --feedback` learns from them.
    """
    if target.local:
        raise click.UsageError("--local: only a server remembers its completions.")
    with running_server(target, current().settings) as (client, url):
        client.feedback(completion_id, outcome)
    terminal.note(f"Reported to {url}.")
