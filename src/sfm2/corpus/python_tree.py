"""Parsing Python with CPython's own parser."""

from __future__ import annotations

import ast
import warnings


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of `source`, or None if CPython's parser rejects it for any reason, including its limits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as invalid escapes
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
