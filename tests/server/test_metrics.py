"""`GET /metrics`: what Prometheus reads."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sfm2.errors import BackendOverloadedError
from sfm2.testing import ScriptedBackend
from tests.server.live import Serving


def metrics(client: httpx.Client) -> dict[str, float]:
    """The samples by name, such as `sfm2_tokens_total{kind="prompt"}`."""
    response = client.get("/metrics").raise_for_status()
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def test_what_was_asked_and_answered_is_counted(serving: Serving) -> None:
    with serving() as client:
        before = metrics(client)
        client.post("/generate", json={"prompt": "# echo:a b c", "language": "text"})
        client.post("/complete", json={"prefix": "x = ", "path": "a.py"})
        client.post("/generate", json={})
        found = metrics(client)
    assert before['sfm2_requests_total{outcome="success"}'] == 0
    assert found['sfm2_requests_total{outcome="success"}'] == 2
    assert found['sfm2_requests_total{outcome="invalid_request"}'] == 1
    assert found['sfm2_answers_total{backend="echo"}'] == 2
    assert found['sfm2_tokens_total{kind="completion"}'] >= 3
    assert found['sfm2_backend_up{backend="echo"}'] == 1
    assert sum(value for name, value in found.items() if name.startswith("sfm2_guard_outcomes_total")) == 2
    assert found["sfm2_in_flight"] == 0
    assert found["sfm2_event_loop_lag_seconds"] >= 0


def test_times_are_a_histogram(serving: Serving) -> None:
    with serving() as client:
        for _ in range(3):
            client.post("/generate", json={"prompt": "# echo:a"})
        client.post("/generate", json={"prompt": "# echo-slow:a b c d e f"})
        found = metrics(client)
    buckets = [value for name, value in found.items() if name.startswith("sfm2_request_duration_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found["sfm2_request_duration_seconds_count"] == 4
    assert buckets[0] < 4
    assert 0.01 < found["sfm2_request_duration_seconds_sum"] < 60


def test_fallbacks_are_counted_by_their_reason(serving: Serving) -> None:
    backends = [ScriptedBackend("sfm2", BackendOverloadedError("full")), ScriptedBackend("openai", "x = 1")]
    with serving(backends=backends) as client:
        client.post("/generate", json={"prompt": "y = 2\n"})
        found = metrics(client)
    assert found['sfm2_fallbacks_total{reason="overloaded"}'] == 1
    assert found['sfm2_answers_total{backend="openai"}'] == 1


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_what_a_server_does_is_for_those_with_a_key(serving: Serving, path: str) -> None:
    with serving(api={"require_key": True}) as client:
        assert client.get(path).status_code == 401
