"""Python as CPython's compiler sees it, in the version that runs."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

_MAGIC = re.compile(r"^([ \t]*)[%!][^\n]*", re.MULTILINE)


class CompileError(NamedTuple):
    """The first syntax error of a text."""

    line: int
    """Counted from 1; 0 when the compiler names none."""
    column: int
    """Counted from 1, in characters; 0 when the compiler names none."""
    message: str
    of_indentation: bool = False


def first_error(text: str) -> CompileError | None:
    """None when the text compiles. IPython's magics and shell commands count as statements."""
    error = _error(text)
    if error is not None and _MAGIC.search(text):
        return _error(_MAGIC.sub(r"\1pass", text))
    return error


def _error(text: str) -> CompileError | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes and the like
        try:
            compile(text, "<completion>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return CompileError(error.lineno or 0, error.offset or 0, error.msg, isinstance(error, IndentationError))
        except (ValueError, MemoryError, RecursionError, OverflowError) as error:  # NUL, too deep, too large
            return CompileError(0, 0, type(error).__name__)
    return None
