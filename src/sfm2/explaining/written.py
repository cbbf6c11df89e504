"""Code as it is written, made short enough to be shown."""

from __future__ import annotations

import re

LONGEST = 100  # characters of a piece of code that is shown
_CHAIN = re.compile(r"\s*\n\s*(?=\??\.\w)")
"""A line break before the next method of a chain."""
_SPACE = re.compile(r"\s+")


def one_line(code: str) -> str:
    """On one line."""
    return _SPACE.sub(" ", _CHAIN.sub("", code)).strip()


def short(code: str) -> str:
    """At most `LONGEST` characters."""
    return code if len(code) <= LONGEST else code[: LONGEST - 1].rstrip() + "…"
