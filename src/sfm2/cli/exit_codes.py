"""From an error to a message on standard error and an exit code."""

from __future__ import annotations

from enum import IntEnum

import click

from sfm2.cli.terminal import visible
from sfm2.errors import (
    APIConnectionError,
    AuthenticationError,
    ConfigError,
    InvalidRequestError,
    MissingExtraError,
    ModelUnavailableError,
    RateLimitError,
    SFM2Error,
    WeightsError,
)


class Exit(IntEnum):
    """The exit codes of `sfm2`; part of its interface."""

    OK = 0
    ERROR = 1
    USAGE = 2
    UNAVAILABLE = 3
    UNAUTHORIZED = 4
    RATE_LIMITED = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.ERROR: "another error; `sfm2 health`: degraded or unhealthy",
    Exit.USAGE: "wrong arguments, request or configuration",
    Exit.UNAVAILABLE: "no model or server could answer",
    Exit.UNAUTHORIZED: "no API key, or a wrong one",
    Exit.RATE_LIMITED: "too many requests",
    Exit.INTERRUPTED: "Ctrl-C",
}

_BY_ERROR: dict[type[SFM2Error], Exit] = {
    InvalidRequestError: Exit.USAGE,
    ConfigError: Exit.USAGE,
    ModelUnavailableError: Exit.UNAVAILABLE,
    APIConnectionError: Exit.UNAVAILABLE,
    WeightsError: Exit.UNAVAILABLE,
    MissingExtraError: Exit.UNAVAILABLE,
    AuthenticationError: Exit.UNAUTHORIZED,
    RateLimitError: Exit.RATE_LIMITED,
}


def exit_code(error: SFM2Error) -> Exit:
    """The exit code for an error: that of its nearest base class that has one."""
    return next((_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR), Exit.ERROR)


def epilog() -> str:
    r"""Examples and exit codes for `sfm2 --help`. `\b` keeps click from joining the lines."""
    first = ["\b", "Examples:", '  sfm2 generate "def merge_sort(arr):"', "  sfm2 serve", "  sfm2 generate --help"]
    codes = ["\b", "Exit codes:", *(f"  {code:<3} {meaning}" for code, meaning in MEANINGS.items())]
    return "\n".join([*first, "", *codes])


def report_error(error: SFM2Error, *, as_json: bool) -> None:
    """Print an error: `error:` and `hint:` lines for a person, the API's error body for a program."""
    click.echo(_as_json(error) if as_json else _as_text(error), err=True)


def _as_text(error: SFM2Error) -> str:
    text = f"error: {error.message}\nhint: {error.suggestion}"
    if error.request_id:
        text += f"\nrequest: {error.request_id}"
    return visible(text)


def _as_json(error: SFM2Error) -> str:
    from sfm2.requests import error_body

    return error_body(error).model_dump_json()
