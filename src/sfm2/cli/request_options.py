"""Options that are generated from a request's fields."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import annotated_types
import click
from pydantic import BaseModel

from sfm2.config import GenerationSettings

Command = Callable[..., Any]

_SHORT = {"temperature": "-t", "n": "-n", "seed": "-s", "adapter": "-a"}
_NULL = "; null: "  # in a field's description, before what a request gets that leaves the field out
# Where a field's description speaks of values that an option has not.
_HELP = {"guard": "Give only code that parses and ends in its place; --no-guard gives what the model wrote"}
_SAMPLING = GenerationSettings().sampling
_DEFAULTS = {
    **{name: f"{getattr(_SAMPLING, name):g}" for name in ("max_length", "temperature", "top_p", "top_k")},
    "repetition_penalty": f"{_SAMPLING.repetition_penalty:g}",
    "seed": "drawn",
    "n": "1",
    "guard": "guard",
    "features": "no-features",
    "logprobs": "no-logprobs",
}


def field_option(model: type[BaseModel], name: str, default: str | None = None) -> Callable[[Command], Command]:
    """The option `--some-name` for the field `some_name` of `model`, with its type, range and description.

    `default` is what its help says of an option that is not given; otherwise what requests without the field get.
    """
    field = model.model_fields[name]
    described, _, null = _HELP.get(name, field.description or "").partition(_NULL)
    shown = default or _DEFAULTS.get(name) or null
    names = ["--" + name.replace("_", "-"), *filter(None, [_SHORT.get(name)]), name]
    kind = next(part for part in get_args(field.annotation) if part is not NoneType)
    if kind is bool:
        names[0] += f"/--no-{names[0][2:]}"
        return click.option(*names, default=None, show_default=shown, help=described)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if issubclass(get_origin(kind) or kind, StrEnum):
        choice = click.Choice([str(value) for value in kind])
        return click.option(*names, type=choice, show_default=shown, help=described)
    is_list = get_origin(kind) is list
    return click.option(
        *names,
        type=click.STRING if is_list or kind is str else _parameter_type(kind, field.metadata),
        multiple=is_list,
        metavar="TEXT" if is_list or kind is str else "NUMBER",
        show_default=shown or False,
        help=described + ("; may be given several times" if is_list else ""),
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
