"""`sfm2 chat`: a conversation in the terminal."""

from __future__ import annotations

import re
import stat
import sys
from os import fstat
from typing import Any

import click

from sfm2.cli import source_file, terminal
from sfm2.cli.completer import SelectedCompleter, Target, selected
from sfm2.cli.conversation import Conversation
from sfm2.cli.exit_codes import report_error
from sfm2.cli.following import follow
from sfm2.cli.invocation import current
from sfm2.cli.line_input import read_line
from sfm2.cli.options import examples, given, json_option, model_option, target_options
from sfm2.cli.prose_view import ProseView
from sfm2.cli.report import add_report
from sfm2.cli.request_options import field_option
from sfm2.cli.source_file import STANDARD_INPUT
from sfm2.errors import PromptTooLongError, SFM2Error
from sfm2.types import ChatRequest, GenerationOptions, Reply
from sfm2.validation import did_you_mean

_TEMPERATURE = 0.2
_BLOCK = '"""'
_COMMAND = re.compile(r"/(\w+|\?)\Z")
_LEAVE = ("exit", "quit", "bye")
_HELP = f"""\
/exit    leave; also /quit, /bye or Ctrl-D
/clear   forget what was said
/help    this list
Ctrl-C   stop an answer
{_BLOCK}      begin and end a message of several lines"""


@click.command(
    epilog=examples(
        "sfm2 chat",
        'sfm2 chat "Which Python module parses command line arguments?"',
        'git diff | sfm2 chat "Describe this change in one sentence."',
    )
)
@click.argument("message", required=False)
@click.option("--system", metavar="TEXT", help="What to tell the model before the conversation.")
@field_option(GenerationOptions, "max_length", "as many as the server allows: 2048")
@field_option(GenerationOptions, "temperature", f"{_TEMPERATURE}")
@field_option(GenerationOptions, "top_p")
@field_option(GenerationOptions, "seed")
@field_option(GenerationOptions, "adapter")
@model_option
@json_option("Print the whole answer as JSON; only for a single MESSAGE.")
@target_options
def chat(message: str | None, system: str | None, as_json: bool, target: Target, **fields: Any) -> None:
    """Talk about code, in a conversation.

    With MESSAGE, or when standard input is not a terminal, one answer is printed; what is piped in goes with MESSAGE.
    Otherwise each line is a message: Ctrl-C stops an answer, /help lists commands, Ctrl-D or /exit leaves.

    Answers are the model's alone: nothing checks them, as the guard checks code.
    """
    conversation = Conversation(system, {"temperature": _TEMPERATURE, **given(**fields)})
    question = _question(message)
    if question is None and as_json:
        raise click.UsageError("--json: give a MESSAGE, or pipe one in.")
    first = conversation.ask(question) if question is not None else None
    with selected(target, current(), use_fallback=True) as found:
        if first is None:
            _converse(found, conversation)
        elif as_json:
            terminal.write_line(_last(found, first).model_dump_json())
        else:
            add_report(_follow(found, conversation, first), found.place)


def _question(message: str | None) -> str | None:
    """The single question; None for a conversation."""
    if sys.stdin.isatty() or (message is not None and message != "-" and not _is_piped()):
        return message
    piped = source_file.read(STANDARD_INPUT).text
    return piped if message in (None, "-") else "\n\n".join(filter(None, [message, piped]))


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file, and not merely no terminal, as in a job without any."""
    mode = fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _last(found: SelectedCompleter, request: ChatRequest) -> Reply:
    *_, reply = found.completer.chat_stream(found.addressed(request))
    assert isinstance(reply, Reply), "a stream ends with its answer or an error"
    return reply


def _follow(found: SelectedCompleter, conversation: Conversation, request: ChatRequest) -> Reply:
    stream = conversation.heard(found.completer.chat_stream(found.addressed(request)))
    return follow(stream, ProseView(terminal.write, terminal.width()), found.activity)


def _converse(found: SelectedCompleter, conversation: Conversation) -> None:
    terminal.note(f"{found.place} · /help lists commands, Ctrl-D leaves")
    while (message := _message()) is not None:
        command = _COMMAND.match(message)
        if command and command[1] in _LEAVE:
            return
        if command:
            terminal.complain(_obey(command[1], conversation))
        elif message.strip():
            _answer(found, conversation, message)


def _message() -> str | None:
    """What the user says next; None: no more."""
    try:
        line = read_line(">>> ")
        if not line.startswith(_BLOCK):
            return line
        lines = [line.removeprefix(_BLOCK)]
        while not lines[-1].rstrip().endswith(_BLOCK):
            lines.append(read_line("... "))
        return "\n".join(lines).rstrip().removesuffix(_BLOCK).strip("\n")
    except EOFError:
        terminal.complain("")
        return None
    except KeyboardInterrupt:
        terminal.complain("\n(Ctrl-D or /exit leaves)")
        return ""


def _obey(command: str, conversation: Conversation) -> str:
    """Do what a command says. Returns what there is to say."""
    if command == "clear":
        conversation.forget()
        return "Forgotten."
    if command in ("help", "?"):
        return _HELP
    return f"there is no command /{command}{did_you_mean(command, (*_LEAVE, 'clear', 'help'))}"


def _answer(found: SelectedCompleter, conversation: Conversation, message: str) -> None:
    """Ask and show the answer. What goes wrong is told, and the conversation goes on."""
    try:
        add_report(_in_the_window(found, conversation, conversation.ask(message)), found.place)
    except KeyboardInterrupt:
        terminal.note("(stopped)")
    except SFM2Error as error:
        report_error(error, as_json=False)
    conversation.drop_unanswered()


def _in_the_window(found: SelectedCompleter, conversation: Conversation, request: ChatRequest) -> Reply:
    """The answer, with the oldest messages forgotten until the rest fits the model's window."""
    while True:
        try:
            return _follow(found, conversation, request)
        except PromptTooLongError:
            if not conversation.forget_oldest():
                raise
            terminal.note("note: the conversation is longer than the model's window; its first half is forgotten")
            request = conversation.ask_again()
