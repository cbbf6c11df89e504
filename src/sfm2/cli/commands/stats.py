"""`sfm2 stats`: show a server's usage statistics."""

from __future__ import annotations

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
    rows = [
        ("requests", f"{found.total_requests:,}"),
        ("  successful", f"{found.successful_requests:,}"),
        *((f"  {code}", f"{count:,}") for code, count in found.errors.items()),
        ("average response time", f"{found.average_response_time:.3f} s"),
        *((f"answered by {model}", f"{count:,}") for model, count in found.model_usage.items()),
        ("fallbacks", f"{found.fallbacks:,}"),
        ("tokens generated", f"{found.tokens_generated:,}"),
        *_feedback(found),
        ("up for", f"{found.uptime:,.0f} s"),
    ]
    return terminal.columns(rows)


def _feedback(found: Stats) -> list[tuple[str, str]]:
    """The rows about feedback; none if the server has got no feedback."""
    if found.acceptance_rate is None:
        return []
    counts = [(f"  {outcome}", f"{count:,}") for outcome, count in found.feedback.items()]
    return [
        ("completions with feedback", f"{sum(found.feedback.values()):,}"),
        *counts,
        ("acceptance rate", f"{100 * found.acceptance_rate:.1f} %"),
    ]
