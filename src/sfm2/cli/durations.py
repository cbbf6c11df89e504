"""Lengths of time as people type them: 90d, 1h. Pure."""

from __future__ import annotations

import re

import click

from sfm2.types import LONGEST_LIFETIME

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_FORM = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


def seconds_of(text: str) -> int:
    """The seconds in a text such as "90d". Raises `ValueError` for another form, and for over ten years."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected a number and s, m, h, d or w, such as 90d or 12h, not {text!r}")
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > LONGEST_LIFETIME:
        raise ValueError(f"{text} is longer than ten years")
    return seconds


def as_seconds(ctx: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """The callback of an option whose value is a length of time: the command gets seconds."""
    if value is None:
        return None
    try:
        return seconds_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
