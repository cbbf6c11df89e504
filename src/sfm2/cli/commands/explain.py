"""`sfm2 explain`: explain code in words."""

from __future__ import annotations

import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.completer import SelectedCompleter, Target, selected
from sfm2.cli.following import follow
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    examples,
    explain_length_option,
    fallback_option,
    given,
    json_option,
    language_option,
    model_option,
    target_options,
)
from sfm2.cli.places import Lines, lines_of
from sfm2.cli.progress import waiting
from sfm2.cli.prose_view import ProseView
from sfm2.cli.report import add_report
from sfm2.cli.source_file import STANDARD_INPUT, lines_between
from sfm2.requests import build
from sfm2.types import ExplainRequest, Explanation
from sfm2.wording import read_off


@click.command(
    epilog=examples(
        "sfm2 explain some.py",
        "sfm2 explain some.py:10-25",
        'sfm2 explain --code "def mysterious_function(x, y): return x**2 + y**2"',
        "git diff | sfm2 explain",
    )
)
@click.argument("lines", required=False, type=lines_of, metavar="FILE[:LINE[-LINE]]")
@click.option("--code", "-c", help='The code itself; "-" reads it from standard input.')
@click.option(
    "--file", "-f", "path", type=click.Path(path_type=Path), help='The file, in UTF-8; "-" is standard input.'
)
@explain_length_option
@language_option
@model_option
@fallback_option
@json_option("Print the whole response as JSON.")
@target_options
def explain(
    lines: Lines | None,
    code: str | None,
    path: Path | None,
    language: str | None,
    as_json: bool,
    no_fallback: bool,
    target: Target,
    **fields: Any,
) -> None:
    """Explain code in words.

    Give a file, some lines of one, or --code. Without any, the code is read from standard input.
    """
    lines = _lines(lines, code, path)
    language = language or (languages.of_path(lines.path.name) if lines else None)
    request = build(
        ExplainRequest,
        given(code=_read(lines) if lines else code, language=language, use_fallback=not no_fallback, **fields),
    )
    with selected(target, current(), request.use_fallback) as found:
        request = found.addressed(request)
        live = terminal.to_terminal() and not as_json
        explanation = (_follow if live else _submit)(found, request)
        if as_json:
            terminal.write_line(explanation.model_dump_json())
            return
        if not live:
            terminal.write_line(explanation.explanation)
        _show_facts(explanation)
        add_report(explanation, found.place)


def _submit(found: SelectedCompleter, request: ExplainRequest) -> Explanation:
    with waiting(found.activity):
        return found.completer.submit(request)


def _follow(found: SelectedCompleter, request: ExplainRequest) -> Explanation:
    return follow(found.completer.stream(request), ProseView(terminal.write, terminal.width()), found.activity)


def _show_facts(explanation: Explanation) -> None:
    """What was read off the code, below the words; not again where it stands in their place."""
    if facts := read_off(explanation):
        with closing(ProseView(terminal.write, terminal.width())) as view:
            view.feed(f"\n{facts}")


def _lines(lines: Lines | None, code: str | None, path: Path | None) -> Lines | None:
    """The file to explain; None for the code itself. Raises `UsageError` if it is named twice, or nothing is named."""
    if sum(one is not None for one in (lines, code, path)) > 1:
        raise click.UsageError("Give one of FILE, --code and --file.")
    if code not in (None, "-"):
        return None
    if lines is None and path is None and code is None and sys.stdin.isatty():
        raise click.UsageError("Give a file, or the code with --code, or on standard input.")
    return lines or Lines(path or STANDARD_INPUT)


def _read(lines: Lines) -> str:
    source = source_file.read(lines.path, hint="Check the path; --code takes the code itself")
    if lines.first is None or lines.last is None:
        return source.text
    return textwrap.dedent(lines_between(source.text, lines.first, lines.last))
