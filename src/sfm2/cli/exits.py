"""Exit codes: one list, for the program and for its help."""

from __future__ import annotations

from enum import IntEnum

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
    """The code of the nearest class that has one."""
    return next((_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR), Exit.ERROR)


def epilog() -> str:
    r"""The codes as click shows them; `\b` keeps its hands off the line breaks."""
    return "\n".join(["\b", "Exit codes:", *(f"  {code:<3} {meaning}" for code, meaning in MEANINGS.items())])
