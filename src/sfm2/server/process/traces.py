"""OpenTelemetry: the span of each request, sent by OTLP. Imported only where `telemetry.traces` is set.

The environment variables of OpenTelemetry for resources, sampling and the exporter's headers apply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import sfm2
from sfm2.tracing import Attributes

_PROPAGATOR = TraceContextTextMapPropagator()


class SentSpan:
    """A span of OpenTelemetry, as `sfm2.tracing.Span`."""

    def __init__(self, tracer: Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def trace_id(self) -> str:
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    @property
    def headers(self) -> Mapping[str, str]:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, self._context())
        return carrier

    def child(self, name: str, begin: int, end: int, attributes: Attributes, error: str | None = None) -> SentSpan:
        span = self._tracer.start_span(name, self._context(), start_time=begin, attributes=attributes)
        found = SentSpan(self._tracer, span)
        found.failed(error)
        span.end(end)
        return found

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""
        self._span.set_attributes(attributes)

    def failed(self, error: str | None) -> None:
        """Note how it failed; None: it did not."""
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))

    def _context(self) -> Context:
        return trace.set_span_in_context(self._span, Context())


class Traces:
    """Sends what `exporter` takes, in batches, on a thread."""

    def __init__(self, exporter: SpanExporter) -> None:
        ours = Resource({"service.name": "sfm2", "service.version": sfm2.__version__})
        resource = ours.merge(OTELResourceDetector().detect())  # of the environment, which wins
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("sfm2", sfm2.__version__)

    @contextmanager
    def request(self, name: str, headers: Mapping[str, str], attributes: Attributes) -> Iterator[SentSpan]:
        """The span of a request, which continues the trace that its headers name."""
        client = _PROPAGATOR.extract(headers, Context())
        span = self._tracer.start_span(name, client, kind=SpanKind.SERVER, attributes=attributes)
        try:
            yield SentSpan(self._tracer, span)
        finally:
            span.end()

    async def aclose(self) -> None:
        """Send what is left."""
        await asyncio.to_thread(self._provider.shutdown)


def to(url: str) -> Traces:
    """Traces that are sent to a collector, by OTLP over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Traces(OTLPSpanExporter(endpoint=url))
