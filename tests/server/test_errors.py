"""Every class of the error tree is sent with its status, code and suggestion."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from sfm2.error_tables import by_code
from sfm2.errors import (
    MissingExtraError,
    ModelUnavailableError,
    RateLimitError,
    SFM2Error,
    StreamInterruptedError,
)
from sfm2.server.app import create_app
from sfm2.sse import Decoder
from sfm2.testing import ScriptedBackend, forever
from sfm2.types import ErrorBody
from tests.server.failing import FailingManager
from tests.server.live import Serving, live, settings_for


def an_error(cls: type[SFM2Error]) -> SFM2Error:
    return cls("a part", "extra") if cls is MissingExtraError else cls("what was wrong", suggestion="what to do")


STREAMS = [
    ("/generate/stream", {"prompt": "x"}),
    ("/complete/stream", {"prefix": "x"}),
    ("/explain/stream", {"code": "x"}),
]
# The class that answers for each code on the other side of the wire.
CLASSES = sorted(set(by_code().values()), key=lambda cls: cls.__name__)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FailingManager, httpx.Client]]:
    manager = FailingManager(SFM2Error("not set"))
    with live(create_app(settings_for(tmp_path_factory.mktemp("data")), manager)) as client:
        yield manager, client


@pytest.mark.parametrize(("path", "body"), [("/generate", {"prompt": "x"}), *STREAMS])
@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_class_keeps_status_and_code(
    failing: tuple[FailingManager, httpx.Client], cls: type[SFM2Error], path: str, body: dict[str, str]
) -> None:
    manager, client = failing
    manager.error = error = an_error(cls)
    response = client.post(path, json=body)
    said = ErrorBody.model_validate(response.json())
    assert (response.status_code, said.error, said.message) == (cls.status, cls.code, error.message)
    assert said.suggestion == error.suggestion


def test_a_fallback_and_its_causes_are_reported(serving: Serving) -> None:
    error = ModelUnavailableError("all failed", fallback_model="gpt2_lora", retry_after=4.2, details={"attempts": [1]})
    with serving(manager=FailingManager(error)) as client:
        response = client.post("/generate", json={"prompt": "x"})
    assert response.json() == {
        "error": "model_unavailable",
        "message": "all failed",
        "fallback_used": "gpt2_lora",
        "suggestion": "Check model health endpoint",
        "details": {"attempts": [1]},
    }
    assert response.headers["retry-after"] == "5"


def test_a_server_that_was_too_slow_is_overloaded_and_says_when_to_come_back(serving: Serving) -> None:
    with serving(backends=[ScriptedBackend("sfm2", forever)], generation={"timeout": 0.1}) as client:
        for path, body in [("/generate", {"prompt": "x"}), *STREAMS]:
            response: httpx.Response = client.post(path, json=body)
            assert (response.status_code, response.json()["error"]) == (503, "overloaded")
            assert int(response.headers["retry-after"]) >= 1
            assert "sfm2: " in response.json()["message"]


def test_retry_after_is_at_least_a_second(serving: Serving) -> None:
    with serving(manager=FailingManager(RateLimitError("slowly", retry_after=0.1))) as client:
        assert client.post("/generate", json={"prompt": "x"}).headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/generate", "/generate/stream"])
def test_a_bug_is_logged_and_not_shown(serving: Serving, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with serving(manager=FailingManager(KeyError("secret detail"))) as client:
        response = client.post(path, json={"prompt": "x"}, headers={"X-Request-ID": "r-77"})
    assert response.status_code == 500
    assert response.json()["error"] == "internal_error"
    assert "secret" not in response.text
    assert "r-77" in response.json()["suggestion"]
    logged = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert "secret detail" in str(logged.exc_info)


@pytest.mark.parametrize(
    ("error", "code"),
    [(StreamInterruptedError("the engine died"), "stream_interrupted"), (KeyError("secret detail"), "internal_error")],
)
@pytest.mark.parametrize(("path", "body"), STREAMS)
def test_a_stream_that_breaks_ends_with_one_error_event(
    serving: Serving, error: Exception, code: str, path: str, body: dict[str, str]
) -> None:
    with serving(manager=FailingManager(error, chunks=2)) as client:
        response = client.post(path, json=body)
        stats = client.get("/stats").json()
    events = list(Decoder().feed(response.content))
    assert [event.name for event in events] == ["chunk", "chunk", "error"]
    assert ErrorBody.model_validate_json(events[-1].data).error == code
    assert "secret" not in response.text
    assert (stats["successful_requests"], stats["errors"]) == (0, {code: 1})


def test_a_client_sees_the_whole_body_of_an_error(serving: Serving) -> None:
    with serving(manager=FailingManager(ModelUnavailableError("naïve \ud800 text"))) as client:
        response: httpx.Response = client.post("/generate", json={"prompt": "x"})
    assert response.json()["message"] == "naïve \\ud800 text"
