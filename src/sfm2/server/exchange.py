"""One request and its response, as the middleware know them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import Scope

from sfm2.server.keys import Key
from sfm2.types import Batch, Completion, Explanation, Reply

CLIENT_LEFT = "client_left"  # counted as an error, sent to nobody
_KEY = "sfm2.exchange"


@dataclass
class Exchange:
    """`headers` go on the response whatever becomes of it. `status` is None until the response has begun."""

    request_id: str
    started: float = field(default_factory=time.perf_counter)
    status: int | None = None
    error: str | None = None
    key: Key | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answers: Sequence[Completion | Explanation | Reply] = ()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    @property
    def succeeded(self) -> bool:
        return self.error is None and self.status is not None and self.status < 400

    def answered(self, answer: Completion | Explanation | Batch) -> None:
        """Note what the models said, for statistics and feedback. A batch without one answer counts as failed."""
        if not isinstance(answer, Batch):
            self.answers = [answer]
            return
        self.answers = [result for result in answer.results if isinstance(result, Completion)]
        if not self.answers:
            self.error = next(result.error for result in answer.results if not isinstance(result, Completion))

    def put_in(self, scope: Scope) -> None:
        scope[_KEY] = self

    @staticmethod
    def of(scope: Scope) -> Exchange:
        exchange = scope[_KEY]
        assert isinstance(exchange, Exchange)
        return exchange
