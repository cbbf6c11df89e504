"""From a response to a value, or to the error that the server reported. Pure."""

from __future__ import annotations

from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from sfm2.client._openai_errors import problem_in
from sfm2.completer import Answer
from sfm2.error_tables import by_code
from sfm2.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    PayloadTooLargeError,
    RateLimitError,
    ServerError,
    SFM2Error,
)
from sfm2.headers import REQUEST_ID
from sfm2.retry_after import retry_after
from sfm2.types import (
    Batch,
    BatchRequest,
    CompleteRequest,
    Completion,
    ErrorBody,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Health,
    Request,
)

M = TypeVar("M", bound=BaseModel)
ANSWERS: dict[type[Request], type[Answer]] = {
    GenerateRequest: Completion,
    CompleteRequest: Completion,
    ExplainRequest: Explanation,
    BatchRequest: Batch,
}
"""The class of the answer to each class of request."""
_SHOWN = 200  # characters of a foreign body that a message quotes
# What a proxy's own status says for certain; any other only says that no answer of SFM-2's came.
_BY_STATUS: dict[int, type[SFM2Error]] = {401: AuthenticationError, 413: PayloadTooLargeError, 429: RateLimitError}


def parse(response: httpx.Response, kind: type[M]) -> M:
    """The body as `kind`. Raises the error that the response carries; `ServerError` for a body that is not SFM-2's."""
    if response.is_success:
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise _foreign(response) from error
    raise error_of(response)


def check(response: httpx.Response) -> None:
    """Raise the error that a response without content carries, if it is one."""
    if not response.is_success:
        raise error_of(response)


def parse_health(response: httpx.Response) -> Health:
    """As `parse`, but a 503 that holds a health report is an answer: an unhealthy server sends it."""
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        try:
            return Health.model_validate_json(response.content)
        except ValidationError:
            raise error_of(response) from None
    return parse(response, Health)


def error_of(response: httpx.Response) -> SFM2Error:
    """The error that an unsuccessful response carries."""
    wait, request_id = retry_after(response.headers), response.headers.get(REQUEST_ID)
    try:
        return from_body(ErrorBody.model_validate_json(response.content), wait, request_id)
    except ValidationError:
        problem = problem_in(response.content)
        return problem.as_error(wait, request_id) if problem else _foreign(response)


def from_body(body: ErrorBody, wait: float | None = None, request_id: str | None = None) -> SFM2Error:
    """An error of the class that has this code; for an unknown code a `ServerError`, with the code in its details.

    `wait` is in seconds.
    """
    known = by_code().get(body.error)
    return (known or ServerError)(
        body.message,
        suggestion=body.suggestion,
        fallback_model=body.fallback_used,
        retry_after=wait,
        details=body.details if known else {"code": body.error, **body.details},
        request_id=request_id,
    )


def from_httpx(error: httpx.HTTPError, url: str) -> APIConnectionError:
    """A failure to reach the server at `url`, as one of our errors."""
    if isinstance(error, httpx.TimeoutException):
        return APITimeoutError(f"{url} did not answer in time ({type(error).__name__})")
    return APIConnectionError(f"cannot reach {url}: {error or type(error).__name__}")


def is_event_stream(response: httpx.Response) -> bool:
    """Whether the body is a stream of events; otherwise it is an error, and must be read whole."""
    return response.is_success and response.headers.get("Content-Type", "").startswith("text/event-stream")


def batch_items(batch: Batch) -> list[Completion | SFM2Error]:
    """The results of a batch, with an exception object in the place of each prompt that failed."""
    return [item if isinstance(item, Completion) else from_body(item) for item in batch.results]


def _foreign(response: httpx.Response) -> SFM2Error:
    """The error for a response that SFM-2 did not write: a proxy's page, a redirect, another service at this address."""
    text = response.content.decode(errors="replace").strip()[:_SHOWN]  # not `.text`: the charset may be nonsense
    details = {"status": response.status_code, "location": response.headers.get("Location")}
    return _BY_STATUS.get(response.status_code, ServerError)(
        f"the answer is not SFM-2's (status {response.status_code}): {text!r}",
        suggestion="Is this the address of an SFM-2 server, and is no proxy in between?",
        retry_after=retry_after(response.headers),
        request_id=response.headers.get(REQUEST_ID),
        details={name: value for name, value in details.items() if value is not None},
    )
