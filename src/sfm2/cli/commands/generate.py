"""`sfm2 generate`: complete a prompt."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.code_view import CodeView
from sfm2.cli.completer import SelectedCompleter, Target, selected
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
from sfm2.requests import build
from sfm2.types import Completion, GenerateRequest
from sfm2.wording import confidence_text


@click.command(
    epilog=examples(
        'sfm2 generate "def merge_sort(arr):" --max-length 200',
        'sfm2 generate "def area(radius):" --json',
        "sfm2 generate - --language rust --n 3 < start.rs",
    )
)
@click.argument("prompt", required=False)
@sampling_options
@click.option("--suffix", help="Code that follows the completion.")
@language_option
@fallback_option
@click.option("--no-stream", is_flag=True, help="Show the code only when it is complete.")
@json_option("Print the whole response as JSON.")
@target_options
def generate(
    prompt: str | None, no_fallback: bool, no_stream: bool, as_json: bool, target: Target, **fields: Any
) -> None:
    """Complete PROMPT.

    Prints the prompt and its completion. With PROMPT "-", or without one when standard input is not a terminal, the prompt
    is read from standard input. On a terminal the code appears as it is generated, and with --n all completions are shown;
    a pipe gets the one with the highest confidence.
    """
    request = build(GenerateRequest, given(prompt=_prompt(prompt), use_fallback=not no_fallback, **fields))
    with selected(target, current(), request.use_fallback) as found:
        if as_json:
            terminal.write_line(_submit(found, request).model_dump_json())
            return
        if terminal.to_terminal():
            live = not no_stream and (request.n or 1) == 1
            completion = (_stream if live else _show)(found, request)
        else:
            completion = _submit(found, request)
            terminal.write_line(completion.generated_code)
        add_report(completion, found.place)


def _prompt(argument: str | None) -> str:
    if argument == "-" or (argument is None and not sys.stdin.isatty()):
        return source_file.read_standard_input()
    if argument is None:
        raise click.UsageError('Missing argument PROMPT ("-" reads standard input).')
    return argument


def _submit(found: SelectedCompleter, request: GenerateRequest) -> Completion:
    with waiting(found.activity):
        return found.completer.submit(request)


def _stream(found: SelectedCompleter, request: GenerateRequest) -> Completion:
    """Show the code as it arrives."""
    view = _view(request)
    with closing(view), waiting(found.activity) as stop_waiting, closing(found.completer.stream(request)) as stream:
        text = request.prompt
        for item in stream:
            stop_waiting()
            if isinstance(item, Completion):
                view.feed(text)  # an empty completion has no chunk, and the prompt is not shown yet
                return item
            view.feed(text + item.text)
            text = ""
    raise AssertionError("a stream ends with its completion or an error")


def _show(found: SelectedCompleter, request: GenerateRequest) -> Completion:
    """Show all completions, the one with the highest confidence first."""
    completion = _submit(found, request)
    _show_code(request, completion.generated_code)
    for choice in completion.alternatives:
        terminal.note(f"or, with {confidence_text(choice.confidence, completion.calibrated)}:")
        _show_code(request, request.prompt + choice.completion)
    return completion


def _show_code(request: GenerateRequest, code: str) -> None:
    with closing(_view(request)) as view:
        view.feed(code)


def _view(request: GenerateRequest) -> CodeView:
    language = request.language or languages.guess(request.prompt)
    return CodeView(terminal.write, language, terminal.in_colour())
