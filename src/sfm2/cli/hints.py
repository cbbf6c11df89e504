"""What to do about an error, in the words of the command line: errors suggest what helps a program."""

from __future__ import annotations

import click

from sfm2.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    OverloadedError,
    RateLimitError,
    SFM2Error,
)

_HINTS: dict[type[SFM2Error], str] = {
    APIConnectionError: "`sfm2 serve` starts a server; SFM2_API_URL or --api-url says where it is",
    APITimeoutError: "Ask for fewer tokens with --max-length, or set SFM2_GENERATION_TIMEOUT to more seconds",
    AuthenticationError: "Give the server's key as SFM2_API_KEY or with --api-key; `sfm2 keys create` there makes one",
    InvalidRequestError: "`{command} --help` shows every option with its range",
    NotFoundError: "Is the name right, and is this the server?",
    OverloadedError: "Try again in {wait}, or ask for fewer tokens with --max-length",
    ModelUnavailableError: "`sfm2 health` shows each backend, and what it needs",
    RateLimitError: "Try again in {wait}; a key may have a limit of its own: `sfm2 keys create --rate`",
}


def hint(error: SFM2Error) -> str:
    """The error's own suggestion where it is about this very error; otherwise ours for its class, or the class's."""
    if error.suggestion == type(error).default_suggestion:
        for kind in type(error).__mro__:
            if kind in _HINTS:
                return _HINTS[kind].format(command=_command(), wait=_wait(error))
            if "default_suggestion" in vars(kind):
                break
    return error.suggestion


def _command() -> str:
    context = click.get_current_context(silent=True)
    return f"{context.command_path} {context.invoked_subcommand or ''}".rstrip() if context else "sfm2"


def _wait(error: SFM2Error) -> str:
    return "a while" if error.retry_after is None else f"{error.retry_after:.0f} s"
