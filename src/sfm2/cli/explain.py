"""`sfm2 explain`: say what code does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.answerer import answerer
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    Access,
    access_options,
    explain_length_option,
    fallback_option,
    given,
    json_option,
    language_option,
)
from sfm2.cli.report import add_report
from sfm2.cli.waiting import waiting
from sfm2.requests import build
from sfm2.types import ExplainRequest


@click.command()
@click.option("--code", help='The code itself; "-" reads standard input.')
@click.option("--file", "path", type=click.Path(path_type=Path, allow_dash=True), help="A file with it, in UTF-8.")
@explain_length_option
@language_option
@fallback_option
@json_option("Print the whole response as JSON.")
@access_options
def explain(
    code: str | None,
    path: Path | None,
    language: str | None,
    as_json: bool,
    no_fallback: bool,
    access: Access,
    **fields: Any,
) -> None:
    """Say what code does.

    Give either --code or --file.
    """
    if (code is None) == (path is None):
        raise click.UsageError("Give either --code or --file.")
    language = language or (languages.of_path(path.name) if path else None)
    request = build(
        ExplainRequest, given(code=_code(code, path), language=language, use_fallback=not no_fallback, **fields)
    )
    with answerer(access, current(), request.use_fallback) as answering:
        with waiting(answering.activity):
            explanation = answering.explain(request)
        if as_json:
            terminal.write_line(explanation.model_dump_json())
            return
        text = explanation.explanation
        terminal.write_line(terminal.visible(text) if terminal.to_terminal() else text)
        add_report(explanation, answering.place)


def _code(code: str | None, path: Path | None) -> str:
    if code == "-" or path == Path("-"):
        return source_file.read_standard_input()
    return source_file.read(path).text if path is not None else code or ""
