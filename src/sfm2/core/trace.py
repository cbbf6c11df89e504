"""The backends that one request tried: its `attempts`, their wording, and the error when none could answer."""

from __future__ import annotations

from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendNotConfiguredError,
    ModelUnavailableError,
    PromptTooLongError,
)
from sfm2.types import Attempt

RETRY_WHILE_LOADING = 5.0  # seconds that a client is asked to wait while weights load
UNSURE = "low_confidence"


class FallbackTrace:
    """The backends that were tried, and why each could not answer."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self._errors: list[BackendError | PromptTooLongError] = []

    def failed(self, backend: str, error: BackendError | PromptTooLongError) -> None:
        """`backend` raised `error`."""
        reason = error.reason if isinstance(error, BackendError) else error.code
        self.attempts.append(Attempt(backend=backend, reason=reason, message=error.message))
        self._errors.append(error)

    def circuit_open(self, backend: str, seconds: float) -> None:
        """`backend` was not asked: its circuit breaker is open for `seconds` more."""
        message = f"failed repeatedly; it is tried again in {seconds:.0f} s"
        self.attempts.append(Attempt(backend=backend, reason="circuit_open", message=message))

    def unsure(self, backend: str) -> None:
        """`backend` answered with less confidence than `fallback.min_confidence`; the next one is asked."""
        message = "its confidence is below fallback.min_confidence"
        self.attempts.append(Attempt(backend=backend, reason=UNSURE, message=message))

    def preferred(self, backend: str) -> None:
        """The unsure answer of `backend` is the best there is: it was no failed attempt after all."""
        self.attempts = [one for one in self.attempts if (one.backend, one.reason) != (backend, UNSURE)]

    def extend(self, other: FallbackTrace) -> None:
        """What `other` met as well."""
        self.attempts += other.attempts
        self._errors += other._errors

    def exhausted(self) -> ModelUnavailableError | PromptTooLongError:
        """The error to raise when no backend could answer."""
        for error in self._errors:
            if isinstance(error, PromptTooLongError):
                return error
        causes = "; ".join(f"{attempt.backend}: {attempt.message}" for attempt in self.attempts)
        loading = any(isinstance(error, BackendLoadingError) for error in self._errors)
        return ModelUnavailableError(
            f"SFM-2 model is currently unavailable ({causes})",
            fallback_model=self._last_fallback(),
            retry_after=RETRY_WHILE_LOADING if loading else None,
            details={"attempts": [attempt.model_dump() for attempt in self.attempts]},
        )

    def _last_fallback(self) -> str | None:
        tried = [a.backend for a in self.attempts[1:] if a.reason != BackendNotConfiguredError.reason]
        return tried[-1] if tried else None
