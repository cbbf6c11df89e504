"""`sfm2 generate`: complete a prompt."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
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
from sfm2.cli.progress import waiting
from sfm2.cli.report import add_report
from sfm2.cli.source_file import STANDARD_INPUT
from sfm2.requests import build
from sfm2.types import Completion, GenerateRequest
from sfm2.wording import confidence_text

_MAX_LENGTH = 300  # tokens: most functions are shorter; a request's own default is made for lines
_SAMPLING = ("seed", "top_p", "top_k")  # without effect at temperature 0


@click.command(
    epilog=examples(
        'sfm2 generate "def merge_sort(arr):"',
        'sfm2 generate "def area(radius):" --json',
        "sfm2 generate --language rust < start.rs",
        'sfm2 generate "def is_prime(n):" -m qwen2.5-coder-0.5b',
    )
)
@click.argument("prompt", required=False)
@sampling_options(
    max_length=f"{_MAX_LENGTH}",
    temperature="0; with --n, --seed, --top-p or --top-k that of a request: 0.7",
    mode="function",
)
@click.option("--suffix", help="Code that follows the completion.")
@language_option
@model_option
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

    The likeliest code is written, and the same each time, unless options ask for samples. Other defaults are those of
    SFM-2; a server may have others.
    """
    fields = given(prompt=_prompt(prompt), use_fallback=not no_fallback, **fields)
    request = build(GenerateRequest, {**_defaults(fields), **fields})
    with selected(target, current(), request.use_fallback) as found:
        request = found.addressed(request)
        if as_json:
            terminal.write_line(_submit(found, request).model_dump_json())
            return
        if terminal.to_terminal():
            live = not no_stream and (request.n or 1) == 1
            completion = _follow(found, request) if live else _show(found, request)
        else:
            completion = _submit(found, request)
            terminal.write_line(completion.generated_code)
        add_report(completion, found.place)


def _defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a person at a terminal wants who names nothing else: a whole function, and the likeliest one."""
    samples = any(name in fields for name in _SAMPLING) or fields.get("n", 1) > 1
    return {"max_length": _MAX_LENGTH} | ({} if samples else {"temperature": 0.0})


def _prompt(argument: str | None) -> str:
    if argument == "-" or (argument is None and not sys.stdin.isatty()):
        return source_file.read(STANDARD_INPUT).text
    if argument is None:
        raise click.UsageError('Missing argument PROMPT ("-" reads standard input).')
    return argument


def _submit(found: SelectedCompleter, request: GenerateRequest) -> Completion:
    with waiting(found.activity):
        return found.completer.submit(request)


def _follow(found: SelectedCompleter, request: GenerateRequest) -> Completion:
    return follow(found.completer.stream(request), _view(request), found.activity, before=request.prompt)


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
    language = request.language or next(iter(languages.lookalikes(request.prompt)), None)
    return CodeView(terminal.write, language, terminal.in_colour())
