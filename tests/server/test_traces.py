"""OpenTelemetry: a span for each request, continued from the client and passed on, without a word of what was asked."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.backends.base import Backend
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendOverloadedError
from sfm2.generation import TokenChunk
from sfm2.server.app import create_app
from sfm2.testing import ScriptedBackend, serve_process, until
from tests.server.failing import FailingManager
from tests.server.live import live, settings_for

sdk = pytest.importorskip("opentelemetry.sdk.trace")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.sdk.trace import ReadableSpan  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import SpanKind, StatusCode  # noqa: E402

from sfm2.server.process.traces import Traces  # noqa: E402

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CLIENT = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
SECRET = "a_secret_of_the_prompt"


@contextmanager
def traced(
    folder: Path, backends: list[Backend] | None = None, manager: Any = None, **sections: dict[str, Any]
) -> Iterator[tuple[httpx.Client, Callable[[], list[ReadableSpan]]]]:
    """A live server whose spans are kept in memory; they are all there once it has stopped."""
    exporter = InMemorySpanExporter()
    settings = settings_for(folder / "data", **sections)
    app = create_app(settings, manager or AsyncModelManager(settings, backends))
    app.state.sfm2.traces = Traces(exporter)
    with live(app) as client:
        yield client, lambda: list(exporter.get_finished_spans())


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def by_name(spans: list[ReadableSpan]) -> dict[str, ReadableSpan]:
    assert len({span.name for span in spans}) == len(spans)
    return {span.name: span for span in spans}


def test_a_request_is_a_span_with_its_parts_below_it(tmp_path: Path) -> None:
    timed = TokenChunk(
        "x = 1\n", tokens=4, prompt_tokens=7, prompt_seconds=0.002, wait_seconds=0.001, finish_reason="stop"
    )
    with traced(tmp_path, [ScriptedBackend("sfm2", 0.01, timed)]) as (client, found):
        answered = client.post("/generate?q=" + SECRET, json={"prompt": f"# {SECRET}\n"}, headers=CLIENT)
        client.get("/health")
    assert answered.status_code == 200
    spans = by_name(found())
    assert set(spans) == {"POST /generate", "attempt", "wait", "prompt", "generation", "guard"}
    request, attempt = spans["POST /generate"], spans["attempt"]
    assert request.kind is SpanKind.SERVER
    assert request.parent is not None
    assert (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, PARENT)
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {TRACE}
    assert attempt.parent == spans["guard"].parent == request.context
    assert all(spans[name].parent == attempt.context for name in ("wait", "prompt", "generation"))
    said = attributes(request)
    assert said["http.response.status_code"] == 200
    assert said["sfm2.request_id"] == answered.headers["x-request-id"]
    assert (said["sfm2.backend"], said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (
        "sfm2",
        7,
        4,
    )
    assert said["sfm2.guard.action"] == answered.json()["guard"]["action"]
    # One after the other, within the attempt.
    times = [
        (span.start_time or 0, span.end_time or 0) for span in (spans[n] for n in ("wait", "prompt", "generation"))
    ]
    assert times[0][0] == attempt.start_time
    assert times[0][1] == times[1][0]
    assert times[1][1] == times[2][0]
    assert times[2][1] == attempt.end_time
    assert (times[1][1] - times[1][0]) / 1e9 == pytest.approx(0.002)


def test_no_span_says_what_was_asked(tmp_path: Path) -> None:
    with traced(tmp_path, [ScriptedBackend("sfm2", f"{SECRET} = 1\n")]) as (client, found):
        client.post("/generate", json={"prompt": SECRET}, headers={"Authorization": f"Bearer {SECRET}"})
        client.post("/generate/stream?x=" + SECRET, json={"prompt": SECRET})
        client.post("/generate", json={"prompt": SECRET, "temperature": 99})
        client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": SECRET}]})
    assert len(found()) >= 4
    assert all(SECRET not in span.to_json() for span in found())


def test_a_fallback_is_two_attempts_and_a_failure_has_its_code(tmp_path: Path) -> None:
    backends: list[Backend] = [
        ScriptedBackend("sfm2", BackendOverloadedError("full")),
        ScriptedBackend("openai", "x = 1"),
    ]
    with traced(tmp_path, backends) as (client, found):
        client.post("/generate", json={"prompt": "y\n"})
    tried = [attributes(span) for span in found() if span.name == "attempt"]
    assert [one["sfm2.backend"] for one in tried] == ["sfm2", "openai"]
    assert "error.type" in tried[0]
    assert "error.type" not in tried[1]


@pytest.mark.parametrize(
    ("error", "body", "status", "code"),
    [
        (KeyError("a bug"), {"prompt": "x"}, StatusCode.ERROR, "internal_error"),
        (None, {}, StatusCode.UNSET, "invalid_request"),
    ],
)
def test_what_is_our_fault_is_an_error(
    tmp_path: Path, error: Exception | None, body: dict[str, str], status: StatusCode, code: str
) -> None:
    manager = FailingManager(error) if error else None
    with traced(tmp_path, manager=manager) as (client, found):
        client.post("/generate", json=body)
    [span] = [span for span in found() if span.name == "POST /generate"]
    assert (span.status.status_code, attributes(span)["error.type"]) == (status, code)


def test_an_unknown_path_is_no_name_of_a_span(tmp_path: Path) -> None:
    with traced(tmp_path) as (client, found):
        client.get("/some/path/of/a/stranger")
    assert [span.name for span in found()] == ["GET"]


class Collector(BaseHTTPRequestHandler):
    """Keeps what is posted, and the headers; answers as an OpenAI-compatible server would, as far as it matters."""

    posted: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        kind = "text/event-stream" if "completion" in self.path else "application/x-protobuf"
        self.send_header("Content-Type", kind)
        self.end_headers()
        choice = {"index": 0, "delta": {"content": "x = 1"}, "finish_reason": "stop"}
        if "chat" in self.path:
            self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n".encode())
        elif "completion" in self.path:
            self.wfile.write(b'data: {"content": "x = 1", "stop": true, "stop_type": "eos"}\n\n')

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok", "model_alias": "another"}')

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    posted: list[tuple[str, dict[str, str], bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (Collector,), {"posted": posted}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", posted
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_trace_goes_on_to_an_openai_server(
    tmp_path: Path, collector: tuple[str, list[tuple[str, dict[str, str], bytes]]]
) -> None:
    url, posted = collector
    models = {"openai": {"base_url": f"{url}/v1"}}
    with traced(tmp_path, models=models, fallback={"chain": ["openai"]}) as (client, found):
        assert client.post("/generate", json={"prompt": "y\n"}, headers=CLIENT).status_code == 200
    [request] = [span for span in found() if span.name == "POST /generate"]
    assert request.context is not None
    assert {headers["traceparent"] for _, headers, _ in posted} == {f"00-{TRACE}-{request.context.span_id:016x}-01"}
    assert {headers["tracestate"] for _, headers, _ in posted} == {"vendor=1"}


@pytest.mark.slow
def test_a_server_sends_its_spans_to_a_collector(
    tmp_path: Path, collector: tuple[str, list[tuple[str, dict[str, str], bytes]]]
) -> None:
    url, posted = collector
    environment = {
        "SFM2_FALLBACK_CHAIN": "echo",
        "SFM2_TELEMETRY_TRACES": f"{url}/v1/traces",
        "SFM2_LOG_FORMAT": "json",
        "OTEL_SERVICE_NAME": "ours",
    }
    with serve_process(tmp_path, environment=environment) as server:
        httpx.post(f"{server.url}/generate", json={"prompt": "x"}, headers=CLIENT)
        server.stop()
    until(lambda: posted)
    sent = [ExportTraceServiceRequest.FromString(body) for path, _, body in posted if path == "/v1/traces"]
    resource = {one.key: one.value.string_value for one in sent[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "ours"
    names = {
        span.name for one in sent for group in one.resource_spans for part in group.scope_spans for span in part.spans
    }
    assert {"POST /generate", "attempt"} <= names
    lines = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]
    assert {line["trace_id"] for line in lines if line.get("path") == "/generate"} == {TRACE}


def test_without_the_setting_nothing_of_opentelemetry_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from sfm2.config import Settings; from sfm2.server.app import create_app; create_app(Settings());"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
