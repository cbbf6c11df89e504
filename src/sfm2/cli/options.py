"""Options that several commands share, with their short forms and defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from sfm2.cli.completer import Target
from sfm2.cli.invocation import current
from sfm2.cli.names import language_of, model_of, no_such_model
from sfm2.cli.request_options import field_option
from sfm2.config import Sfm2Settings
from sfm2.types import ExplainRequest, GenerationOptions

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

EXPLAIN_LENGTH = "300"  # as in `core.resolve`, which is too much to import for a help


def examples(*lines: str) -> str:
    r"""The epilog of a command: lines to type. `\b` keeps click from joining them."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def sampling_options(**defaults: str) -> Decorator:
    """Add an option for each field of `types.GenerationOptions`, handed to the command under the field's name.

    `model` has an option of its own. `defaults` are the command's, in words for its help; a request's own are known.
    """

    def add(command: Command) -> Command:
        for name in reversed([name for name in GenerationOptions.model_fields if name != "model"]):
            command = field_option(GenerationOptions, name, defaults.get(name))(command)
        return command

    return add


def target_options(command: Command) -> Command:
    """Add `--api-url`, `--api-key` and `--local`, handed to the command as `target`."""

    @click.option("--api-url", envvar="SFM2_API_URL", show_envvar=True, help="Ask this server and no other.")
    @click.option(
        "--api-key",
        envvar="SFM2_API_KEY",
        show_envvar=True,
        help="The server's key. Prefer the variable: arguments are visible to other users.",
    )
    @click.option("--local", is_flag=True, help="Load the model in this process, even if a server runs.")
    @functools.wraps(command)
    def with_target(*args: Any, local: bool, api_url: str | None, api_key: str | None, **rest: Any) -> Any:
        return command(*args, target=Target(local, api_url, api_key), **rest)

    return with_target


def model_option(command: Command) -> Command:
    """Add `--model`, for `completer.selected` to read."""

    def choose(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
        if value is not None:
            current().model = model_of(value)

    return click.option(
        "--model",
        "-m",
        callback=choose,
        expose_value=False,
        metavar="NAME|FILE",
        show_default="the first of the chain that can",
        help="The backend to answer with, by its name or its model's, and no other. Weights that the running server does "
        "not have, by a name of `sfm2 models list` or as a GGUF file, are loaded in this process.",
    )(command)


def weights_option(command: Command) -> Command:
    """Add `--model`, for the settings of a server."""

    def choose(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
        if value is not None:
            current().model = found = model_of(value)
            if not found.loadable:
                raise click.BadParameter(no_such_model(value, ()).message)

    return click.option(
        "--model",
        "-m",
        callback=choose,
        expose_value=False,
        metavar="NAME|FILE",
        show_default=Sfm2Settings().model,
        help="The weights to run: a name of `sfm2 models list`, or a GGUF file.",
    )(command)


def json_option(help_text: str) -> Decorator:
    """Add `--json`, handed to the command as `as_json`. It makes errors JSON, too."""

    def remember(ctx: click.Context, option: click.Parameter, value: bool) -> bool:
        current().as_json = value
        return value

    return click.option("--json", "as_json", is_flag=True, is_eager=True, callback=remember, help=help_text)


def language_option(command: Command) -> Command:
    """Add `--language`, handed to the command as `language`."""
    return click.option(
        "--language",
        "-l",
        type=language_of,
        metavar="NAME",
        help="The code's language, if it cannot be detected: its name, what an editor calls it, or the suffix of its files.",
    )(command)


def fallback_option(command: Command) -> Command:
    """Add `--no-fallback`, handed to the command as `no_fallback`."""
    return click.option("--no-fallback", is_flag=True, help="Use only the first backend of the chain.")(command)


explain_length_option = field_option(ExplainRequest, "max_length", EXPLAIN_LENGTH)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given a value on the command line."""
    return {name: value for name, value in fields.items() if value is not None and value != ()}
