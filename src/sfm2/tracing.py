"""The trace that a request belongs to, where somebody wants to see it: what measures a part of it adds a span.

Without `telemetry.traces` there is none, and this is all that is loaded for it. Attributes are numbers and names, never
prompts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeAlias

Attributes: TypeAlias = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """A part of a trace."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By which another server continues the trace: `traceparent`, and `tracestate` if there is one."""

    def child(self, name: str, begin: int, end: int, attributes: Attributes, error: str | None = None) -> Span:
        """Add a span that is over. Times are in nanoseconds since 1970; `error` says how it failed."""


CURRENT: ContextVar[Span | None] = ContextVar("sfm2_span", default=None)
"""The span of the request that is being served; tasks of it inherit it"""


def headers() -> dict[str, str]:
    """What to send to another server, so that it continues the trace; empty: there is none."""
    span = CURRENT.get()
    return dict(span.headers) if span else {}


@contextmanager
def measured(name: str, attributes: Attributes | None = None) -> Iterator[None]:
    """Add a span for what is done within this context."""
    span, begin = CURRENT.get(), time.time_ns()
    error: str | None = None
    try:
        yield
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        if span is not None:
            span.child(name, begin, time.time_ns(), attributes or {}, error)
