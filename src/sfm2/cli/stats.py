"""`sfm2 stats`: a server's counters."""

from __future__ import annotations

import click

from sfm2.cli import terminal
from sfm2.cli.answerer import running_server
from sfm2.cli.invocation import current
from sfm2.cli.options import Access, access_options, json_option
from sfm2.types import Stats


@click.command()
@json_option("Print the whole response as JSON.")
@access_options
def stats(as_json: bool, access: Access) -> None:
    """Show a server's counters."""
    if access.local:
        raise click.UsageError("--local: only a server counts.")
    settings = current().settings
    url = running_server(access, settings.api)
    from sfm2.cli.remote import Remote

    with Remote.connected(url, access.api_key, settings) as remote:
        found = remote.client.stats()
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
    """Nothing where nobody has told anything."""
    if found.acceptance_rate is None:
        return []
    told = [(f"  {outcome}", f"{count:,}") for outcome, count in found.feedback.items()]
    return [
        ("completions with feedback", f"{sum(found.feedback.values()):,}"),
        *told,
        ("acceptance rate", f"{100 * found.acceptance_rate:.1f} %"),
    ]
