"""Errors and exit codes."""

from __future__ import annotations

import pytest

from sfm2.cli.exit_codes import MEANINGS, Exit, epilog, exit_code
from sfm2.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BackendTimeoutError,
    ConfigError,
    InvalidRequestError,
    MissingExtraError,
    ModelUnavailableError,
    PermissionDeniedError,
    PromptTooLongError,
    RateLimitError,
    ServerError,
    SFM2Error,
    StreamInterruptedError,
    WeightsError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SFM2Error("x"), 1),
        (ServerError("x"), 1),
        (StreamInterruptedError("x"), 1),
        (InvalidRequestError("x"), 2),
        (PromptTooLongError("x"), 2),
        (ConfigError("x"), 2),
        (ModelUnavailableError("x"), 3),
        (BackendTimeoutError("x"), 3),
        (APIConnectionError("x"), 3),
        (APITimeoutError("x"), 3),
        (WeightsError("x"), 3),
        (MissingExtraError("x", "y"), 3),
        (AuthenticationError("x"), 4),
        (PermissionDeniedError("x"), 4),
        (RateLimitError("x"), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, SFM2Error) else str(value),
)
def test_an_error_has_the_code_of_its_nearest_class(error: SFM2Error, code: int) -> None:
    assert exit_code(error) == code


def test_every_code_is_explained() -> None:
    assert set(MEANINGS) == set(Exit)
    assert all(f"{code.value:<3} {meaning}" in epilog() for code, meaning in MEANINGS.items())
