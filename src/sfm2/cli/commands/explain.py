"""`sfm2 explain`: explain code in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.completer import Target, selected
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    examples,
    explain_length_option,
    fallback_option,
    given,
    json_option,
    language_option,
    target_options,
)
from sfm2.cli.progress import waiting
from sfm2.cli.report import add_report
from sfm2.requests import build
from sfm2.types import ExplainRequest


@click.command(
    epilog=examples(
        "sfm2 explain --file some.py",
        'sfm2 explain --code "lambda x: x & -x" --language python',
        "git diff | sfm2 explain --code -",
    )
)
@click.option("--code", help='The code to explain; "-" reads it from standard input.')
@click.option("--file", "path", type=click.Path(path_type=Path, allow_dash=True), help="The file to explain, in UTF-8.")
@explain_length_option
@language_option
@fallback_option
@json_option("Print the whole response as JSON.")
@target_options
def explain(
    code: str | None,
    path: Path | None,
    language: str | None,
    as_json: bool,
    no_fallback: bool,
    target: Target,
    **fields: Any,
) -> None:
    """Explain code in words.

    Give either --code or --file.
    """
    if (code is None) == (path is None):
        raise click.UsageError("Give either --code or --file.")
    language = language or (languages.of_path(path.name) if path else None)
    request = build(
        ExplainRequest, given(code=_code(code, path), language=language, use_fallback=not no_fallback, **fields)
    )
    with selected(target, current(), request.use_fallback) as found:
        with waiting(found.activity):
            explanation = found.completer.submit(request)
        if as_json:
            terminal.write_line(explanation.model_dump_json())
            return
        text = explanation.explanation
        terminal.write_line(terminal.visible(text) if terminal.to_terminal() else text)
        add_report(explanation, found.place)


def _code(code: str | None, path: Path | None) -> str:
    if code == "-" or path == Path("-"):
        return source_file.read_standard_input()
    return source_file.read(path).text if path is not None else code or ""
