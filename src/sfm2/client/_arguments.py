"""What `help()` says of a method that takes the arguments of generation: each of them, with its type and meaning."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Any, TypeVar, get_type_hints

from sfm2.types import GenerationArguments, GenerationConfig

M = TypeVar("M", bound=Callable[..., Any])
_OTHERS = {
    "config": "A bundle of the arguments above; those given beside it win",
    "language": "Of the code; None: detected",
    "use_fallback": "Whether other backends may answer when SFM-2 can't; None: they may",
}


def lists_arguments(method: M) -> M:
    """Lists the fields of `GenerationArguments` in the signature and the docstring of a method that takes them."""
    types = get_type_hints(GenerationArguments)
    signature = inspect.signature(method)
    own = [one for one in signature.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    more = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind) for name, kind in types.items()]
    method.__dict__["__signature__"] = signature.replace(parameters=[*own, *more])
    method.__doc__ = f"{inspect.getdoc(method) or ''}\n\n{_described()}"
    return method


def _described() -> str:
    fields = GenerationConfig.model_fields
    known = {name: fields[name].description if name in fields else None for name in GenerationArguments.__annotations__}
    lines = [f"    {name}: {text or _OTHERS[name]}" for name, text in known.items()]
    return "\n".join(["Arguments of generation; None, and what is left out, is the server's default:", "", *lines])
