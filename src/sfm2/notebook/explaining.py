"""`%sfm2 explain WHAT`: finds the code that the user names."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sfm2.errors import InvalidRequestError
from sfm2.notebook.context import Statement, binding, cell_of

_CELL = re.compile(r"(?:In|_ih)\[(\d+)\]|_i(\d+)")
_SUGGESTION = "Name a function, a class or a variable of this notebook, or a cell such as In[3]"


def code_of(what: str | None, found: Sequence[Statement], namespace: Mapping[str, Any]) -> str:
    """The code of a name or cell; without `what`, of the last cell that ran. Raises `InvalidRequestError`."""
    if what is None:
        if not found:
            raise InvalidRequestError("no cell with code of its own ran before this one", suggestion=_SUGGESTION)
        return cell_of(found, found[-1].cell)
    if cell := _CELL.fullmatch(what):
        count = int(cell[1] or cell[2])
        if not (source := cell_of(found, count)):
            raise InvalidRequestError(
                f"{what} holds no code: it has not run, or has magics only", suggestion=_SUGGESTION
            )
        return source
    return _of_object(what, found, namespace)


def _of_object(name: str, found: Sequence[Statement], namespace: Mapping[str, Any]) -> str:
    first, *attributes = name.split(".")
    if first not in namespace:
        raise InvalidRequestError(f"{first} is not defined in this notebook", suggestion=_SUGGESTION)
    if not attributes and (source := binding(found, name)) and not _is_import(source):
        return source
    try:
        value = functools.reduce(getattr, attributes, namespace[first])
        return inspect.getsource(value if inspect.isroutine(value) or inspect.ismodule(value) else _class_of(value))
    except AttributeError as error:
        raise InvalidRequestError(f"{name}: {error}", suggestion=_SUGGESTION) from error
    except (OSError, TypeError) as error:
        raise InvalidRequestError(
            f"{name} has no Python source to explain: it is a {type(namespace[first]).__name__}",
            suggestion=_SUGGESTION,
        ) from error


def _class_of(value: Any) -> type:
    return value if isinstance(value, type) else type(value)


def _is_import(source: str) -> bool:
    return source.lstrip().startswith(("import ", "from "))
