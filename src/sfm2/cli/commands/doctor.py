"""`sfm2 doctor`: what is wrong with this machine, the settings or the service, and what to do about it."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sfm2.cli import terminal
from sfm2.cli.completer import Target
from sfm2.cli.exit_codes import Exit
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option, target_options
from sfm2.cli.progress import waiting
from sfm2.errors import ConfigError

if TYPE_CHECKING:
    from sfm2.diagnosis.finding import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(
    epilog=examples("sfm2 doctor", "sfm2 doctor --quick --json", "sfm2 doctor --api-url http://gpu-server:8000")
)
@click.option("--quick", is_flag=True, help="Measure nothing, and ask no model; takes about a second.")
@json_option("Print the findings as JSON.")
@target_options
@click.pass_context
def doctor(ctx: click.Context, quick: bool, as_json: bool, target: Target) -> None:
    """Find what is wrong, and say what to do about it.

    Looks at this machine, the settings, the weights and the server, measures how fast the machine is, and asks the model:
    the server's if one runs, else in this process. Changes nothing. Exit code 0: nothing is a problem. 1: something is.
    """
    from sfm2.diagnosis.finding import as_json as report
    from sfm2.diagnosis.finding import healthy

    found = _examined(target, quick)
    if as_json:
        terminal.write_line(json.dumps(report(found), indent=2, ensure_ascii=False))
    else:
        terminal.write_line(_text(found))
    ctx.exit(Exit.OK if healthy(found) else Exit.ERROR)


def _examined(target: Target, quick: bool) -> list[Finding]:
    from sfm2.diagnosis import examination

    try:
        settings, warnings = current().settings, current().warnings
    except ConfigError as error:
        return examination.broken_settings(error.message, error.suggestion)
    url = None if target.local else target.api_url or (settings.api.url if settings.api.port else None)
    subject = examination.Subject(settings, os.environ, url, target.api_url is not None, target.api_key)
    step = [""]
    with waiting(lambda: step[0]):
        found = examination.examine(subject, quick=quick, report=lambda doing: step.__setitem__(0, doing))
    return [*examination.odd_variables(warnings), *found]


def _text(found: Sequence[Finding]) -> str:
    widest = max(len(one.name) for one in found)
    columns = terminal.width()
    return "\n".join([*(line for one in found for line in _lines(one, widest, columns)), "", _summary(found)])


def _lines(one: Finding, widest: int, columns: int | None) -> list[str]:
    level = click.style(f"{one.level:7}", fg=_COLOURS[one.level]) if terminal.in_colour() else f"{one.level:7}"
    margin = " " * (9 + widest + 2)
    head, *rest = _broken(terminal.visible(one.found), columns, margin)
    advice = _broken(terminal.visible(f"-> {one.advice}"), columns, margin) if one.advice else []
    return [f"{level}  {one.name:{widest}}  {head}", *(f"{margin}{line}" for line in [*rest, *advice])]


def _broken(text: str, columns: int | None, margin: str) -> list[str]:
    line = " ".join(text.split()) or "-"
    if columns is None:
        return [line]
    return textwrap.wrap(line, max(30, columns - len(margin)), break_long_words=False, break_on_hyphens=False)


def _summary(found: Sequence[Finding]) -> str:
    counts = {level: sum(one.level == level for one in found) for level in ("problem", "warning")}
    told = [f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts.items() if count]
    return f"{', '.join(told)}." if told else "Nothing is wrong."
