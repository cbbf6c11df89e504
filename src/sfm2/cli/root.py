"""The group `sfm2`: the list of its commands, and the place where errors become messages and exit codes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

import sfm2
from sfm2.cli import terminal
from sfm2.cli.exit_codes import Exit, epilog, exit_code, report_error
from sfm2.errors import MissingExtraError, SFM2Error


class Entry(NamedTuple):
    """A command of `sfm2`."""

    place: str
    """`module:attribute`"""
    help: str
    """The first line of its help"""
    extra: str | None = None
    """The extra that its imports need"""


COMMANDS = {
    "generate": Entry("sfm2.cli.commands.generate:generate", "Complete PROMPT."),
    "complete": Entry("sfm2.cli.commands.complete:complete", "Complete a file at a line and column."),
    "explain": Entry("sfm2.cli.commands.explain:explain", "Explain code in words."),
    "chat": Entry("sfm2.cli.commands.chat:chat", "Talk about code, in a conversation."),
    "serve": Entry("sfm2.cli.commands.serve:serve", "Start the server; Ctrl-C or SIGTERM stops it.", "server"),
    "lsp": Entry("sfm2.cli.commands.lsp:lsp", "Start the language server for editors.", "lsp"),
    "health": Entry("sfm2.cli.commands.health:health", "Check a server and its models."),
    "doctor": Entry("sfm2.cli.commands.doctor:doctor", "Find what is wrong, and say what to do about it."),
    "stats": Entry("sfm2.cli.commands.stats:stats", "Show a server's usage statistics."),
    "feedback": Entry(
        "sfm2.cli.commands.feedback:feedback", "Report that a completion was accepted, edited or rejected."
    ),
    "pull": Entry("sfm2.cli.commands.models:pull", "Download weights.", "engine"),
    "ps": Entry("sfm2.cli.commands.ps:ps", "List the models that a server has loaded, or is loading."),
    "models": Entry("sfm2.cli.commands.models:models", "List, download, verify, export and delete weights.", "engine"),
    "adapters": Entry("sfm2.cli.commands.adapters:adapters", "List adapters, and choose the one that answers."),
    "index": Entry("sfm2.cli.commands.index:index", "List, make and delete indexes of repositories.", "index"),
    "keys": Entry(
        "sfm2.cli.commands.keys:keys", "Create, list, rotate and revoke API keys of this machine's server.", "server"
    ),
    "store": Entry("sfm2.cli.commands.store:store", "Back up keys and counters, and put them back.", "server"),
    "eval": Entry("sfm2.cli.commands.eval:evals", "Measure the quality of completions.", "eval"),
    "finetune": Entry("sfm2.cli.commands.finetune:finetune", "Train the model on your own code.", "data"),
    "config": Entry("sfm2.cli.commands.config:config", "Show the settings and where they come from."),
}


ELSEWHERE = {
    "run": "chat",
    "list": "models list",
    "ls": "models list",
    "rm": "models rm",
    "show": "models list",
    "login": "keys create",
    "version": "--version",
}
"""What other programs call what we call differently"""


class HelpFormatter(click.HelpFormatter):
    """Leaves descriptions most of a narrow terminal, not the rest beside the longest option."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, min(col_max, self.width // 3), col_spacing)


class HelpContext(click.Context):
    formatter_class = HelpFormatter


class Main(click.Group):
    """Imports a command when it is called; `sfm2 --help` imports none of them."""

    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`sfm2 help COMMAND` is `sfm2 COMMAND --help`."""
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(_no_such_command(name), ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return _with_our_help(_imported(name, COMMANDS[name])) if name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except SFM2Error as error:
            report_error(error, as_json=getattr(ctx.obj, "as_json", False))
            ctx.exit(exit_code(error))
        except BrokenPipeError:
            # The reader has closed the pipe, as `| head` does.
            _discard_output()
            ctx.exit(Exit.OK)
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process, as click's own method does, with 130 for Ctrl-C."""
        extra.setdefault("terminal_width", terminal.help_width())
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            told = io.StringIO()
            error.show(told)
            terminal.complain(told.getvalue().rstrip("\n"))
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = Exit.INTERRUPTED
        sys.exit(int(code or 0))


@click.command(cls=Main, epilog=epilog(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(sfm2.__version__, "-V", "--version", prog_name="sfm2")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Use this configuration file (JSON) instead of the user's.",
)
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Generate code on your own machine, with a running SFM-2 server or with the model itself."""
    from sfm2.cli.invocation import Invocation

    ctx.obj = Invocation(config)
    if terminal.colourless():
        ctx.color = False


def _with_our_help(command: click.Command) -> click.Command:
    command.context_class = HelpContext
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _with_our_help(each)
    return command


def _no_such_command(name: str) -> str:
    from sfm2.validation import did_you_mean

    suggestion = f"; here it is `sfm2 {ELSEWHERE[name]}`" if name in ELSEWHERE else did_you_mean(name, COMMANDS)
    return f"No such command {name!r}{suggestion or '.'}"


def _imported(name: str, entry: Entry) -> click.Command:
    module, attribute = entry.place.split(":")
    try:
        command = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing == module:
            raise click.UsageError(f"`sfm2 {name}` is not part of this installation") from error
        if entry.extra is None or missing.split(".")[0] == "sfm2":
            raise
        raise MissingExtraError(f"`sfm2 {name}`", entry.extra) from error
    assert isinstance(command, click.Command)
    return command


def _discard_output() -> None:
    """Send what is still buffered to nowhere, so that Python does not complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
