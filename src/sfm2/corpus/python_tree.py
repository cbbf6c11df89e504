"""Python as CPython's own parser sees it."""

from __future__ import annotations

import ast
import warnings


def parsed(source: str) -> ast.Module | None:
    """None for what CPython's parser does not take, for whatever reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like: not our business here
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
