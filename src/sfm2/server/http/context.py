"""One request and its response, as routes and middleware see them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.types import Scope

from sfm2.completer import Asker
from sfm2.error_tables import by_code
from sfm2.errors import ServerError
from sfm2.server.http.routing import RoutePolicy
from sfm2.server.usage.key_records import Key
from sfm2.server.usage.stats import FinishedRequest, Reuse
from sfm2.types import Batch, Completion, ErrorBody, Explanation, GenerationOptions, Reply

Options = TypeVar("Options", bound=GenerationOptions)

CLIENT_LEFT = "client_left"
"""The error code of a request whose client closed the connection: counted, sent to no one"""
_SCOPE_KEY = "sfm2.context"


@dataclass
class RequestContext:
    """What is known about a request. Made by the outermost middleware, filled in on the way."""

    request_id: str
    policy: RoutePolicy
    started: float = field(default_factory=time.perf_counter)
    """`time.perf_counter()` on arrival"""
    status: int | None = None
    """The response's status; None until the response has begun"""
    error: str | None = None
    """The code of the error that the request ended with"""
    key: Key | None = None
    """The API key that the client sent, where one is required"""
    client: str = ""
    """Who asks: the key, else the address; what is kept for one is for nobody else"""
    session: str | None = None
    """What a newer request ends this one by; None: nothing does"""
    patience: float | None = None
    """Seconds that the client waits, from the request's arrival; None: it did not say"""
    deadline: float | None = None
    """The same by the event loop's clock"""
    hears: Callable[[str, bool], None] | None = None
    """Gets what the model writes for it, before it is judged"""
    reused: Reuse | None = None
    """Where the answer came from that no model was asked for"""
    worth_retrying: bool = False
    """Whether the response tells of a failure that may be gone when the same is asked again"""
    cache_missed: bool = False
    """Whether the answer was looked for among those that are kept, and was not there"""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers that the response gets, whether it succeeds or fails"""
    answers: Sequence[Completion | Explanation | Reply] = ()
    """What the models answered, for statistics and feedback"""

    @property
    def elapsed(self) -> float:
        """Seconds since arrival."""
        return time.perf_counter() - self.started

    @property
    def asker(self) -> Asker:
        """Who waits for the answer."""
        return Asker(self.deadline, self.key.id if self.key else None, self.hears)

    def finished(self) -> FinishedRequest:
        """What is counted of the request when it has ended."""
        succeeded = self.error is None and self.status is not None and self.status < 400
        error = None if succeeded else self.error or ServerError.code
        return FinishedRequest(self.elapsed, error, self.answers, self.reused, self.cache_missed)

    def record(self, answer: Completion | Explanation | Batch) -> None:
        """Note what the models answered. A batch in which every prompt failed counts as failed."""
        if not isinstance(answer, Batch):
            self.answers = [answer]
            return
        self.answers = [result for result in answer.results if isinstance(result, Completion)]
        self.worth_retrying = any(_may_be_gone(result) for result in answer.results)
        if not self.answers:
            self.error = next(result.error for result in answer.results if not isinstance(result, Completion))

    def with_key_adapter(self, options: Options) -> Options:
        """`options` with the API key's adapter, unless the request names one itself."""
        if self.key is None or self.key.adapter is None or options.adapter is not None:
            return options
        return options.model_copy(update={"adapter": self.key.adapter})

    def internal_error(self) -> ServerError:
        """What the client gets for an unexpected exception. The exception itself goes to the log only."""
        return ServerError(
            "internal server error", suggestion=f"Report it with the server's log of request {self.request_id}"
        )

    def attach(self, scope: Scope) -> None:
        """Make this the context of the request with `scope`."""
        scope[_SCOPE_KEY] = self

    @staticmethod
    def of(scope: Scope) -> RequestContext:
        """The context of the request with `scope`. Raises `KeyError` outside the middleware."""
        context: RequestContext = scope[_SCOPE_KEY]
        return context


def _may_be_gone(result: Completion | ErrorBody) -> bool:
    """Whether it is an error that is not of the request."""
    return isinstance(result, ErrorBody) and by_code().get(result.error, ServerError).status >= 500
