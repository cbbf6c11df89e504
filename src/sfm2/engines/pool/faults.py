"""Whose fault an error is: an engine's, so that another one may do better, or the request's. By type."""

from __future__ import annotations

from collections.abc import Sequence

from sfm2.errors import (
    BackendAdapterError,
    BackendError,
    BackendRefusedError,
    BackendTimeoutError,
    BackendUnsupportedError,
)

_OF_REQUEST = (BackendAdapterError, BackendRefusedError, BackendUnsupportedError)


def another_may_answer(error: BackendError) -> bool:
    """Whether it is worth asking the next engine. After a timeout nobody waits any more."""
    return not isinstance(error, (*_OF_REQUEST, BackendTimeoutError))


def together(errors: Sequence[tuple[str, BackendError]]) -> BackendError:
    """One error for all engines that were asked, in order; of their type where they agree."""
    last = errors[-1][1]
    kind = type(last) if len({type(error) for _, error in errors}) == 1 else BackendError
    message = "; ".join(f"{name}: {error.message}" for name, error in errors)
    return kind(message, suggestion=last.suggestion, retry_after=last.retry_after)
