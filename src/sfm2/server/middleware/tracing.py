"""The span of each request, where traces are sent: its outcome, and what its answers cost. No prompts, no query strings."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sfm2 import tracing
from sfm2.server.http.context import RequestContext
from sfm2.server.middleware.base import Middleware
from sfm2.tracing import Attributes
from sfm2.types import Completion


class Tracing(Middleware):
    """Continues the client's trace, if there is one. Probes have no spans."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = RequestContext.of(scope)
        if self.state.traces is None or context.policy.logged_at_debug:
            await self.app(scope, receive, send)
            return
        # Of an unknown route the path is no name: strangers choose it.
        name = f"{scope['method']} {scope['path']}" if context.policy.counted else scope["method"]
        with self.state.traces.request(name, Headers(scope=scope), _asked(scope, context)) as span:
            tracing.CURRENT.set(span)  # for good, as the id of the request is
            try:
                await self.app(scope, receive, send)
            finally:
                span.note(_answered(context))
                if context.status is None or context.status >= 500 or (context.error and context.status < 400):
                    span.failed(context.error or "no_answer")


def _asked(scope: Scope, context: RequestContext) -> Attributes:
    return {
        "http.request.method": scope["method"],
        "url.path": scope["path"],
        "url.scheme": scope["scheme"],
        "sfm2.request_id": context.request_id,
    }


def _answered(context: RequestContext) -> Attributes:
    found: dict[str, str | int] = {}
    if context.status is not None:
        found["http.response.status_code"] = context.status
    if context.error is not None:
        found["error.type"] = context.error
    if context.key is not None:
        found["sfm2.key"] = context.key.id
    if context.answers:
        found["sfm2.backend"] = context.answers[0].model_used
        found["gen_ai.usage.input_tokens"] = sum(answer.tokens.prompt or 0 for answer in context.answers)
        found["gen_ai.usage.output_tokens"] = sum(answer.tokens.completion for answer in context.answers)
    guarded = [answer.guard.action for answer in context.answers if isinstance(answer, Completion)]
    return {**found, **({"sfm2.guard.action": str(guarded[0])} if len(guarded) == 1 else {})}
