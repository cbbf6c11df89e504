"""A cell's text -> the prefix that the model goes on from. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.token import Comment  # type: ignore[import-untyped]

from sfm2.errors import InvalidRequestError
from sfm2.types import Language

_MARKER = re.compile(
    r"[^\S\n]*(?:#|//|--)\W*sfm-?2\W+(?:will|should|please|to)?\W*"
    r"(?:completes?|continues?|finish(?:es)?|fills?(?: in)?|writes?)"
    r"(?:\W+(?:this|the|it|here|rest|of|body|function|method|class|cell|code))*\W*\Z",
    re.IGNORECASE,
)
_NAME = re.compile(r"\{([^\W\d]\w*)(?:\[(\d+)\])?\}")


def prefix_of(body: str, language: Language) -> str:
    """The cell as it was typed. A comment at the end asks for code: that begins on the next line.

    Raises `InvalidRequestError` for a cell that says nothing.
    """
    if not body.strip():
        raise InvalidRequestError(
            "the cell is empty: expected code to go on from below the line with %%sfm2",
            suggestion="Begin a function, or say in a comment what you want",
        )
    return body if body.endswith("\n") or not _ends_in_comment(body, language) else body + "\n"


def without_marker(prefix: str) -> str:
    """`# SFM-2 will complete this function` as the last line is said to us and the reader. To a model it reads like a stub,
    which it completes with `pass`: it sees the text without that line, unless there is no other."""
    lines = prefix.rstrip().splitlines(keepends=True)
    return "".join(lines[:-1]) if len(lines) > 1 and _MARKER.fullmatch(lines[-1]) else prefix


def interpolated(body: str, namespace: Mapping[str, Any]) -> str:
    """`{name}` and `{In[3]}` become the value's text; braces around anything else are code, and stay."""

    def value(match: re.Match[str]) -> str:
        name, index = match.groups()
        if name not in namespace:
            return match[0]
        try:
            return str(namespace[name] if index is None else namespace[name][int(index)])
        except (LookupError, TypeError):
            return match[0]

    return _NAME.sub(value, body)


def _ends_in_comment(body: str, language: Language) -> bool:
    tokens = [kind for kind, text in get_lexer_by_name(str(language)).get_tokens(body) if text.strip()]
    return bool(tokens) and tokens[-1] in Comment
