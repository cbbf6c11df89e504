"""The backends that one request tried: its `attempts`, their wording, and the error when none could answer."""

from __future__ import annotations

from typing import Any

from sfm2.breaker import CircuitBreaker
from sfm2.errors import (
    APITimeoutError,
    BackendError,
    BackendLoadingError,
    BackendNotConfiguredError,
    BackendOverloadedError,
    BackendRefusedError,
    BackendTimeoutError,
    InvalidRequestError,
    ModelUnavailableError,
    OverloadedError,
    PromptTooLongError,
    RequestTimeoutError,
)
from sfm2.types import Attempt

RETRY_WHILE_LOADING = 5.0  # seconds that a client is asked to wait while weights load
RETRY_WHEN_OVERLOADED = 10.0  # seconds; about what a completion takes where a request can time out
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

    def circuit_open(self, backend: str, breaker: CircuitBreaker) -> None:
        """`backend` was not asked: its circuit breaker is open."""
        message = f"failed repeatedly; it is tried again in {breaker.remaining():.0f} s"
        self.attempts.append(Attempt(backend=backend, reason="circuit_open", message=message))
        if breaker.cause is not None:
            self._errors.append(breaker.cause)

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

    def too_late(self) -> APITimeoutError:
        """The error to raise when the request's own time is over."""
        causes = f" ({self._causes()})" if self.attempts else ""
        return APITimeoutError(
            f"no answer within the time of the request{causes}",
            suggestion="Ask with a longer X-Request-Timeout, or for fewer tokens",
            fallback_model=self._last_fallback(),
            details=self._details(),
        )

    def exhausted(self) -> ModelUnavailableError | InvalidRequestError | APITimeoutError:
        """The error to raise when no backend could answer: of the request, if there is one, since asking again is no use."""
        for error in self._errors:
            if isinstance(error, PromptTooLongError):
                return error
        causes, details = self._causes(), self._details()
        if self._met(BackendRefusedError):
            return InvalidRequestError(f"no backend takes this request ({causes})", details=details)
        if self._met(RequestTimeoutError):
            return self.too_late()
        if self._met(BackendTimeoutError, BackendOverloadedError):
            return OverloadedError(
                f"the server has more to do than it can do in time ({causes})",
                fallback_model=self._last_fallback(),
                retry_after=max([RETRY_WHEN_OVERLOADED, *(error.retry_after or 0.0 for error in self._errors)]),
                details=details,
            )
        return ModelUnavailableError(
            f"SFM-2 model is currently unavailable ({causes})",
            fallback_model=self._last_fallback(),
            retry_after=RETRY_WHILE_LOADING if self._met(BackendLoadingError) else None,
            details=details,
        )

    def _causes(self) -> str:
        return "; ".join(f"{attempt.backend}: {attempt.message}" for attempt in self.attempts)

    def _details(self) -> dict[str, Any]:
        return {"attempts": [attempt.model_dump() for attempt in self.attempts]}

    def _met(self, *kinds: type[BackendError]) -> bool:
        return any(isinstance(error, kinds) for error in self._errors)

    def _last_fallback(self) -> str | None:
        tried = [a.backend for a in self.attempts[1:] if a.reason != BackendNotConfiguredError.reason]
        return tried[-1] if tried else None
