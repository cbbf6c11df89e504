"""CPython's compiler as a judge of Python."""

from __future__ import annotations

import warnings


def error_line(text: str) -> int | None:
    """The line (from 1) that the compiler complains about, 0 when it does not say; None when the text compiles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes and the like
        try:
            compile(text, "<completion>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error.lineno or 0
        except (ValueError, MemoryError, RecursionError, OverflowError):  # NUL, too deep, too large
            return 0
    return None
