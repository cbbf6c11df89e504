"""Python as CPython's compiler sees it, in the version that runs."""

from __future__ import annotations

import warnings


def error_line(text: str) -> int | None:
    """The line, counted from 1, of the first syntax error; 0 when the compiler names none; None when the text compiles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes and the like
        try:
            compile(text, "<completion>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error.lineno or 0
        except (ValueError, MemoryError, RecursionError, OverflowError):  # NUL, too deep, too large
            return 0
    return None
