"""`sfm2 generate`: go on from a prompt."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import click

from sfm2 import languages
from sfm2.cli import source_file, terminal
from sfm2.cli.answerer import Answerer, answerer
from sfm2.cli.code_view import CodeView
from sfm2.cli.invocation import current
from sfm2.cli.options import (
    Access,
    access_options,
    fallback_option,
    given,
    json_option,
    language_option,
    sampling_options,
)
from sfm2.cli.report import add_report
from sfm2.cli.waiting import waiting
from sfm2.requests import build
from sfm2.types import Completion, GenerateRequest


@click.command()
@click.argument("prompt", required=False)
@sampling_options
@click.option("--suffix", help="Code that follows the completion.")
@language_option
@fallback_option
@click.option("--no-stream", is_flag=True, help="Show the code when it is complete.")
@json_option("Print the whole response as JSON.")
@access_options
def generate(
    prompt: str | None, no_fallback: bool, no_stream: bool, as_json: bool, access: Access, **fields: Any
) -> None:
    """Go on from PROMPT.

    Prints the prompt and what follows it. PROMPT "-" is read from standard input, as is a missing one when standard input
    is no terminal. A terminal sees the code as it is made, and with --n all choices; a pipe gets the surest one.
    """
    request = build(GenerateRequest, given(prompt=_prompt(prompt), use_fallback=not no_fallback, **fields))
    with answerer(access, current(), request.use_fallback) as answering:
        if as_json:
            terminal.write_line(_submit(answering, request).model_dump_json())
            return
        if terminal.to_terminal():
            live = not no_stream and (request.n or 1) == 1
            completion = (_stream if live else _show)(answering, request)
        else:
            completion = _submit(answering, request)
            terminal.write_line(completion.generated_code)
        add_report(completion, answering.place)


def _prompt(argument: str | None) -> str:
    if argument == "-" or (argument is None and not sys.stdin.isatty()):
        return source_file.read_standard_input()
    if argument is None:
        raise click.UsageError('Missing argument PROMPT ("-" reads standard input).')
    return argument


def _submit(answering: Answerer, request: GenerateRequest) -> Completion:
    with waiting(answering.activity):
        return answering.submit(request)


def _stream(answering: Answerer, request: GenerateRequest) -> Completion:
    """Shows the code as it comes."""
    view = _view(request)
    with closing(view), waiting(answering.activity) as stop_waiting, closing(answering.stream(request)) as stream:
        text = request.prompt
        for item in stream:
            stop_waiting()
            if isinstance(item, Completion):
                view.feed(text)  # a completion may be empty: no chunk has shown the prompt
                return item
            view.feed(text + item.text)
            text = ""
    raise AssertionError("a stream ends with its completion or an error")


def _show(answering: Answerer, request: GenerateRequest) -> Completion:
    """Shows all choices, the surest first."""
    completion = _submit(answering, request)
    _show_code(request, completion.generated_code)
    for choice in completion.alternatives:
        terminal.note(f"or, with confidence {choice.confidence:.2f}:")
        _show_code(request, request.prompt + choice.completion)
    return completion


def _show_code(request: GenerateRequest, code: str) -> None:
    with closing(_view(request)) as view:
        view.feed(code)


def _view(request: GenerateRequest) -> CodeView:
    language = request.language or languages.guess(request.prompt)
    return CodeView(terminal.write, language, terminal.in_colour())
