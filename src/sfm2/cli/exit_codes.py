"""From an error to a message on standard error and an exit code."""

from __future__ import annotations

from enum import IntEnum

import click

from sfm2.cli import terminal
from sfm2.cli.hints import hint
from sfm2.error_tables import for_class
from sfm2.errors import (
    APIConnectionError,
    AuthenticationError,
    ConfigError,
    InvalidRequestError,
    MissingExtraError,
    ModelUnavailableError,
    PermissionDeniedError,
    RateLimitError,
    SFM2Error,
    StorageUnavailableError,
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
    Exit.ERROR: "another error; `sfm2 health`: degraded or unhealthy; `sfm2 doctor`: a problem",
    Exit.USAGE: "wrong arguments, request or configuration",
    Exit.UNAVAILABLE: "no model or server could answer",
    Exit.UNAUTHORIZED: "no API key, a wrong one, or one that may not do this",
    Exit.RATE_LIMITED: "too many requests",
    Exit.INTERRUPTED: "Ctrl-C",
}

_BY_ERROR: dict[type[SFM2Error], Exit] = {
    InvalidRequestError: Exit.USAGE,
    ConfigError: Exit.USAGE,
    ModelUnavailableError: Exit.UNAVAILABLE,
    APIConnectionError: Exit.UNAVAILABLE,
    StorageUnavailableError: Exit.UNAVAILABLE,
    WeightsError: Exit.UNAVAILABLE,
    MissingExtraError: Exit.UNAVAILABLE,
    AuthenticationError: Exit.UNAUTHORIZED,
    PermissionDeniedError: Exit.UNAUTHORIZED,
    RateLimitError: Exit.RATE_LIMITED,
}


def exit_code(error: SFM2Error) -> Exit:
    """The exit code for an error: that of its nearest base class that has one."""
    return for_class(error, _BY_ERROR, Exit.ERROR)


def epilog() -> str:
    r"""Examples and exit codes for `sfm2 --help`. `\b` keeps click from joining the lines."""
    lines = ('sfm2 generate "def merge_sort(arr):"', "sfm2 complete my_code.py:42", "sfm2 chat", "sfm2 serve")
    first = ["\b", "Examples:", *(f"  {line}" for line in lines)]
    codes = ["\b", "Exit codes:", *(f"  {code:<3} {meaning}" for code, meaning in MEANINGS.items())]
    return "\n".join([*first, "", *codes])


def report_error(error: SFM2Error, *, as_json: bool) -> None:
    """Print an error: `error:` and `hint:` lines for a person, the API's error body for a program."""
    if as_json:
        click.echo(_as_json(error), err=True)
    else:
        terminal.complain(_as_text(error))


def _as_text(error: SFM2Error) -> str:
    text = f"error: {error.message}\nhint: {hint(error)}"
    return f"{text}\nrequest: {error.request_id}" if error.request_id else text


def _as_json(error: SFM2Error) -> str:
    from sfm2.requests import error_body

    return error_body(error).model_dump_json()
