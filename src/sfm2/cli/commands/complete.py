"""`sfm2 complete`: fill the hole at a line and column of a file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.code_view import CodeView
from sfm2.cli.completer import Target, selected
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    examples,
    fallback_option,
    given,
    json_option,
    language_option,
    sampling_options,
    target_options,
)
from sfm2.cli.progress import waiting
from sfm2.cli.report import add_report
from sfm2.cli.source_file import FileHole, hole_at
from sfm2.requests import build
from sfm2.types import CompleteRequest, Completion


@click.command(
    epilog=examples(
        "sfm2 complete --file my_code.py --line 42",
        "sfm2 complete --file my_code.py --line 42 --column 9 --mode line --write",
    )
)
@click.option("--file", "path", required=True, type=click.Path(path_type=Path), help="The file to complete, in UTF-8.")
@click.option("--line", required=True, type=click.IntRange(min=1), help="The line of the cursor, from 1.")
@click.option(
    "--column", type=click.IntRange(min=1), help="The character after the cursor, from 1. Default: the line's end."
)
@click.option("--write", is_flag=True, help="Write the completion into the file instead of printing it.")
@sampling_options
@language_option
@fallback_option
@json_option("Print the whole response as JSON.")
@target_options
def complete(
    path: Path,
    line: int,
    column: int | None,
    write: bool,
    as_json: bool,
    no_fallback: bool,
    target: Target,
    **fields: Any,
) -> None:
    """Complete a file at a line and column.

    Prints the code that belongs there, given the code before and after it. The line after the last one is a new, empty
    line. The file's name implies the language.
    """
    source = source_file.read(path)
    hole = hole_at(source.text, line, column)
    request = build(CompleteRequest, given(use_fallback=not no_fallback, **_parts(path, hole), **fields))
    with selected(target, current(), request.use_fallback) as found:
        with waiting(found.activity):
            completion = found.completer.submit(request)
        if write:
            source_file.replace(source, hole.filled(completion.completion))
        _print(request, completion, as_json, write)
        if not as_json:
            add_report(completion, found.place)


def _parts(path: Path, hole: FileHole) -> dict[str, str]:
    # The name is enough to detect the language; the folders are private.
    name = path.name.encode(errors="replace").decode()
    return {"prefix": hole.prefix, "suffix": hole.suffix, "path": name}


def _print(request: CompleteRequest, completion: Completion, as_json: bool, written: bool) -> None:
    if as_json:
        terminal.write_line(completion.model_dump_json())
    elif written:
        return
    elif terminal.to_terminal():
        _show(request, completion.completion)
    else:
        terminal.write_line(completion.completion)


def _show(request: CompleteRequest, code: str) -> None:
    language = request.language or languages.of_path(request.path or "")
    view = CodeView(terminal.write, language, terminal.in_colour(), context=request.prefix)
    with closing(view):
        view.feed(code)
