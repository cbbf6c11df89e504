"""Options that several commands share. The options for a request's fields are generated from the fields."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import StrEnum
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import annotated_types
import click
from pydantic import BaseModel

from sfm2.cli.completer import Target
from sfm2.cli.invocation import current
from sfm2.types import ExplainRequest, GenerationOptions, Language

Command = Callable[..., Any]


def examples(*lines: str) -> str:
    r"""The epilog of a command: lines to type. `\b` keeps click from joining them."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def sampling_options(command: Command) -> Command:
    """Add an option for each field of `types.GenerationOptions`, handed to the command under the field's name."""
    for name in reversed(GenerationOptions.model_fields):
        command = field_option(GenerationOptions, name)(command)
    return command


def field_option(model: type[BaseModel], name: str) -> Callable[[Command], Command]:
    """The option `--some-name` for the field `some_name` of `model`, with its type, range and description."""
    field = model.model_fields[name]
    kind = next(part for part in get_args(field.annotation) if part is not NoneType)
    option = "--" + name.replace("_", "-")
    if kind is bool:
        return click.option(f"{option}/--no-{option[2:]}", name, default=None, help=field.description)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if issubclass(get_origin(kind) or kind, StrEnum):
        return click.option(option, name, type=click.Choice([str(value) for value in kind]), help=field.description)
    is_list = get_origin(kind) is list
    return click.option(
        option,
        name,
        type=click.STRING if is_list or kind is str else _parameter_type(kind, field.metadata),
        multiple=is_list,
        metavar="TEXT" if is_list or kind is str else "NUMBER",
        help=(field.description or "") + ("; may be given several times" if is_list else ""),
    )


def _parameter_type(kind: type[Any], metadata: list[Any]) -> click.ParamType[Any]:
    low = next((m for m in metadata if isinstance(m, annotated_types.Ge | annotated_types.Gt)), None)
    high = next((m for m in metadata if isinstance(m, annotated_types.Le | annotated_types.Lt)), None)
    ranges: dict[type[Any], Callable[..., click.ParamType[Any]]] = {int: click.IntRange, float: click.FloatRange}
    return ranges[kind](
        min=_bound(low),
        max=_bound(high),
        min_open=isinstance(low, annotated_types.Gt),
        max_open=isinstance(high, annotated_types.Lt),
    )


def _bound(limit: Any) -> Any:
    return next((getattr(limit, name) for name in ("ge", "gt", "le", "lt") if hasattr(limit, name)), None)


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


def json_option(help_text: str) -> Callable[[Command], Command]:
    """Add `--json`, handed to the command as `as_json`. It makes errors JSON, too."""

    def remember(ctx: click.Context, option: click.Parameter, value: bool) -> bool:
        current().as_json = value
        return value

    return click.option("--json", "as_json", is_flag=True, is_eager=True, callback=remember, help=help_text)


def language_option(command: Command) -> Command:
    """Add `--language`, handed to the command as `language`."""
    names = [str(language) for language in Language]
    return click.option(
        "--language",
        type=click.Choice(names, case_sensitive=False),
        metavar="NAME",
        help=f"The code's language, if it cannot be detected: {', '.join(names)}.",
    )(command)


def fallback_option(command: Command) -> Command:
    """Add `--no-fallback`, handed to the command as `no_fallback`."""
    return click.option("--no-fallback", is_flag=True, help="Use only the first backend of the chain.")(command)


explain_length_option = field_option(ExplainRequest, "max_length")


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given a value on the command line."""
    return {name: value for name, value in fields.items() if value is not None and value != ()}
