"""The group `sfm2`: the list of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

import sfm2
from sfm2.cli import failures, terminal
from sfm2.cli.exits import Exit, epilog, exit_code
from sfm2.errors import MissingExtraError, SFM2Error


class Entry(NamedTuple):
    """Where a command is, what it does, and the extra that its imports need."""

    place: str
    help: str
    extra: str | None = None


COMMANDS = {
    "generate": Entry("sfm2.cli.generate:generate", "Go on from PROMPT."),
    "complete": Entry("sfm2.cli.complete:complete", "Complete a file at a line and column."),
    "explain": Entry("sfm2.cli.explain:explain", "Say what code does."),
    "serve": Entry("sfm2.cli.serve:serve", "Serve SFM-2 over HTTP until Ctrl-C or SIGTERM.", "server"),
    "lsp": Entry(
        "sfm2.cli.lsp:lsp", "Serve editors by the Language Server Protocol, on standard input and output.", "lsp"
    ),
    "health": Entry("sfm2.cli.health:health", "Say how a server and its models are."),
    "stats": Entry("sfm2.cli.stats:stats", "Show a server's counters."),
    "feedback": Entry(
        "sfm2.cli.feedback:feedback", "Tell a server that a completion was accepted, edited or rejected."
    ),
    "models": Entry("sfm2.cli.models:models", "Weights: what there is, and what is here.", "engine"),
    "adapters": Entry("sfm2.cli.adapters:adapters", "Adapters: what there is, and which answers."),
    "keys": Entry("sfm2.cli.keys:keys", "API keys: once one was created, the server asks for one.", "server"),
    "eval": Entry("sfm2.cli.evals:evals", "Measure how good the completions are.", "eval"),
    "finetune": Entry("sfm2.cli.finetune:finetune", "Teach the model your own code.", "data"),
    "config": Entry("sfm2.cli.config:config", "Settings: what holds, and where it came from."),
}


class Main(click.Group):
    """Imports a command when it is called: `sfm2 --help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return _imported(name, COMMANDS[name]) if name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except SFM2Error as error:
            failures.report(error, as_json=getattr(ctx.obj, "as_json", False))
            ctx.exit(exit_code(error))
        except BrokenPipeError:
            # Whoever read our output has enough (`| head`).
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
        """Ends the process, as click's own does, with our code for Ctrl-C."""
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = Exit.INTERRUPTED
        sys.exit(int(code or 0))


@click.command(cls=Main, epilog=epilog(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(sfm2.__version__, prog_name="sfm2")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Configuration file (JSON), in place of the user's.",
)
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Code generation from your own machine: by a running SFM-2 server, else by the model itself."""
    from sfm2.cli.invocation import Invocation

    ctx.obj = Invocation(config)
    if terminal.colourless():
        ctx.color = False


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
    """What is still in the buffer goes nowhere when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
