"""What was wrong with a value or a name, in one line for a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

MOST_SHOWN = 100
"""Characters of a value or a name that comes from outside; the rest of it helps nobody."""


def shortened(text: str) -> str:
    """The text, or its beginning."""
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """`"; did you mean NAME?"` with the closest known name, or an empty string when none is close.

    `cutoff` is how similar the two must be, from 0 to 1 (`difflib`).
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff) if len(word) <= MOST_SHOWN else []
    return f"; did you mean {close[0]}?" if close else ""


def complaint(
    problem: Mapping[str, Any], known: Iterable[str] = (), *, noun: str = "field", show_input: bool = True
) -> str:
    """One of pydantic's validation errors, without the place: `input should be greater than 0, not -1`.

    `known` are the names to suggest for an unknown one, which is called a `noun`. `show_input` adds the offending value,
    shortened; leave it out for secrets.
    """
    if problem["type"] == "extra_forbidden":
        return f"unknown {noun}{did_you_mean(str(problem['loc'][-1]), known)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = f", not {shortened(repr(problem.get('input')))}" if show_input else ""
    return f"{message[:1].lower()}{message[1:]}{given}"
