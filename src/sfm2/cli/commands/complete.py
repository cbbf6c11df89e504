"""`sfm2 complete`: fill the hole at a line and column of a file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.code_view import CodeView
from sfm2.cli.completer import SelectedCompleter, Target, selected
from sfm2.cli.following import follow
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    examples,
    fallback_option,
    given,
    json_option,
    language_option,
    model_option,
    sampling_options,
    target_options,
)
from sfm2.cli.places import Cursor, cursor_of
from sfm2.cli.progress import waiting
from sfm2.cli.report import add_report
from sfm2.cli.source_file import STANDARD_INPUT, FileHole, hole_at
from sfm2.requests import build
from sfm2.types import CompleteRequest, Completion
from sfm2.wording import confidence_text


@click.command(
    epilog=examples(
        "sfm2 complete my_code.py:42",
        "sfm2 complete my_code.py:42:9 --mode line --write",
        "sfm2 complete --file my_code.py --line 42",
        "sfm2 complete - --line 3 --language go < main.go",
    )
)
@click.argument("place", required=False, type=cursor_of, metavar="FILE:LINE[:COLUMN]")
@click.option(
    "--file", "-f", "path", type=click.Path(path_type=Path), help='The file, in UTF-8; "-" is standard input.'
)
@click.option("--line", type=click.IntRange(min=1), help="The line of the cursor, from 1.")
@click.option(
    "--column",
    type=click.IntRange(min=1),
    show_default="the line's end",
    help="The character after the cursor, from 1.",
)
@click.option("--write", "-w", is_flag=True, help="Write the completion into the file instead of printing it.")
@sampling_options(temperature="0", mode="block")
@language_option
@model_option
@fallback_option
@json_option("Print the whole response as JSON.")
@target_options
def complete(
    place: Cursor | None,
    path: Path | None,
    line: int | None,
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

    Defaults are those of SFM-2; a server may have others.
    """
    cursor = _cursor(place, path, line, column)
    if write and cursor.path == STANDARD_INPUT:
        raise click.UsageError("--write: standard input is no file to write to.")
    source = source_file.read(cursor.path)
    hole = hole_at(source.text, _line(cursor), cursor.column)
    request = build(CompleteRequest, given(use_fallback=not no_fallback, **_parts(cursor.path, hole), **fields))
    with selected(target, current(), request.use_fallback) as found:
        request = _informed(found.addressed(request), cursor.path, found.url)
        live = terminal.to_terminal() and not (as_json or write) and (request.n or 1) == 1
        completion = (_follow if live else _submit)(found, request)
        if write:
            source_file.replace(source, hole.filled(completion.completion))
        if not live:
            _print(request, completion, as_json, write)
        if not as_json:
            add_report(completion, found.place)


def _cursor(place: Cursor | None, path: Path | None, line: int | None, column: int | None) -> Cursor:
    """The place that the argument and the options name together. Raises `UsageError` for one that is named twice or not."""
    if place is None:
        if path is None:
            raise click.UsageError("Missing argument FILE:LINE, such as my_code.py:42.")
        return Cursor(path, line, column)
    for option, value, placed in (
        ("file", path, place.path),
        ("line", line, place.line),
        ("column", column, place.column),
    ):
        if None not in (value, placed) and value != placed:
            raise click.UsageError(f"--{option}: {place.path} is given with another {option}.")
    return Cursor(place.path, line or place.line, column or place.column)


def _line(cursor: Cursor) -> int:
    if cursor.line is None:
        raise click.UsageError(f"Missing option '--line', or a line after the file: {cursor.path}:42.")
    return cursor.line


def _parts(path: Path, hole: FileHole) -> dict[str, str | None]:
    # The name is enough to detect the language; the folders are private.
    name = None if path == STANDARD_INPUT else path.name.encode(errors="replace").decode()
    return {"prefix": hole.prefix, "suffix": hole.suffix, "path": name}


def _informed(request: CompleteRequest, path: Path, url: str | None) -> CompleteRequest:
    """With code of the file's repository, where a server can't read that itself. Without an index it gets one for the next
    time: this one does not wait.
    """
    if path == STANDARD_INPUT:
        return request
    from sfm2.repository.local import LocalRepositories, is_elsewhere

    with closing(LocalRepositories(current().settings, sends=is_elsewhere(url), watches=False)) as repositories:
        repositories.visit(path)
        return repositories.informed(request, path)


def _submit(found: SelectedCompleter, request: CompleteRequest) -> Completion:
    with waiting(found.activity):
        return found.completer.submit(request)


def _follow(found: SelectedCompleter, request: CompleteRequest) -> Completion:
    return follow(found.completer.stream(request), _view(request), found.activity)


def _print(request: CompleteRequest, completion: Completion, as_json: bool, written: bool) -> None:
    if as_json:
        terminal.write_line(completion.model_dump_json())
    elif written:
        return
    elif terminal.to_terminal():
        _show(request, completion)
    else:
        terminal.write_line(completion.completion)


def _show(request: CompleteRequest, completion: Completion) -> None:
    """All completions, the one with the highest confidence first."""
    _show_code(request, completion.completion)
    for choice in completion.alternatives:
        terminal.note(f"or, with {confidence_text(choice.confidence, completion.calibrated)}:")
        _show_code(request, choice.completion)


def _show_code(request: CompleteRequest, code: str) -> None:
    with closing(_view(request)) as view:
        view.feed(code)


def _view(request: CompleteRequest) -> CodeView:
    language = request.language or languages.of_path(request.path or "")
    return CodeView(terminal.write, language, terminal.in_colour(), context=request.prefix)
