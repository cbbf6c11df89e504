"""Hints are in the words of the command line."""

from __future__ import annotations

import pytest

from sfm2.cli.hints import hint
from sfm2.cli.root import COMMANDS
from sfm2.error_tables import by_code
from sfm2.errors import (
    AuthenticationError,
    InvalidRequestError,
    MethodNotAllowedError,
    PromptTooLongError,
    RateLimitError,
    SFM2Error,
    UnsupportedMediaTypeError,
)
from tests.cli.conftest import Sfm2

# Only a program that speaks HTTP by itself meets these.
OF_HTTP = {MethodNotAllowedError, UnsupportedMediaTypeError}
WORDS_OF_PROGRAMS = (
    "Retry-After",
    "Authorization",
    "X-API-Key",
    "endpoint",
    "/docs",
    "api_key=",
    "api_url",
    "client's",
)


@pytest.mark.parametrize(
    "kind",
    sorted(set(by_code().values()) - OF_HTTP, key=str),
    ids=lambda kind: kind.__name__,
)
def test_no_hint_speaks_of_what_only_programs_have(kind: type[SFM2Error]) -> None:
    told = hint(kind("x"))
    assert [word for word in WORDS_OF_PROGRAMS if word in told] == []
    commands = [part.split()[1] for part in told.split("`") if part.startswith("sfm2 ")]
    assert set(commands) <= {*COMMANDS, "--help"}


def test_what_an_error_suggests_about_itself_stays() -> None:
    assert hint(InvalidRequestError("x", suggestion="Name a line")) == "Name a line"
    assert hint(PromptTooLongError("x")) == PromptTooLongError.default_suggestion


def test_the_wait_is_named() -> None:
    assert hint(RateLimitError("x", retry_after=59.7)).startswith("Try again in 60 s")
    assert hint(RateLimitError("x")).startswith("Try again in a while")


def test_a_missing_key() -> None:
    told = hint(AuthenticationError("x"))
    assert "SFM2_API_KEY" in told
    assert "--api-key" in told


def test_the_help_of_the_command_that_was_typed(sfm2: Sfm2) -> None:
    assert (
        sfm2("generate", " ").stderr.splitlines()[1] == "hint: `sfm2 generate --help` shows every option with its range"
    )
