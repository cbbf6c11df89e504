"""The log: which request a line belongs to, as lines for people and as JSON."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfm2.server.process.logs import JSONFormatter, RequestFilter, TextFormatter
from sfm2.testing import serve_process
from tests.server.failing import FailingManager
from tests.server.live import Serving


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What is logged meanwhile, by the formatter of the test's parameter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    handler.addFilter(RequestFilter())
    logger, level = logging.getLogger(), logging.getLogger("sfm2").level
    logger.addHandler(handler)
    logging.getLogger("sfm2").setLevel("INFO")
    yield stream
    logging.getLogger("sfm2").setLevel(level)
    logger.removeHandler(handler)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("written", [JSONFormatter], indirect=True)
def test_an_access_line_has_its_parts_as_fields_and_nothing_of_what_was_asked(
    serving: Serving, written: io.StringIO
) -> None:
    with serving() as client:
        client.post("/generate?secret=1", json={"prompt": "private"}, headers={"X-Request-ID": "r-1"})
        client.post("/generate", json={"prompt": 3}, headers={"X-Request-ID": "r-2", "X-API-Key": "sfm2_hidden"})
    good, bad = (line for line in lines(written) if line["logger"] == "sfm2.access")
    written_at = datetime.fromisoformat(good.pop("time"))
    assert written_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written_at) < timedelta(minutes=1)
    assert good.pop("milliseconds") >= 0
    assert re.fullmatch(r"POST /generate 200 \d+ ms", good.pop("message"))
    assert good == {
        "level": "INFO",
        "logger": "sfm2.access",
        "request_id": "r-1",
        "method": "POST",
        "path": "/generate",
        "status": 200,
        "client": "127.0.0.1",
        "key": None,
    }
    assert (bad["request_id"], bad["status"], bad["error"]) == ("r-2", 422, "invalid_request")
    assert not re.search("secret|private|hidden", written.getvalue())


@pytest.mark.parametrize("written", [JSONFormatter], indirect=True)
def test_a_traceback_is_inside_the_object_and_belongs_to_its_request(serving: Serving, written: io.StringIO) -> None:
    with serving(manager=FailingManager(KeyError("a bug"))) as client:
        client.post("/generate", json={"prompt": "x"}, headers={"X-Request-ID": "r-1"})
        client.post("/generate/stream", json={"prompt": "x"}, headers={"X-Request-ID": "r-2"})
    failed = [line for line in lines(written) if "exception" in line]
    assert [line["request_id"] for line in failed] == ["r-1", "r-2"]
    assert all("Traceback" in line["exception"] and "a bug" in line["exception"] for line in failed)


@pytest.mark.parametrize("written", [TextFormatter], indirect=True)
def test_lines_for_people_end_with_the_request_too(serving: Serving, written: io.StringIO) -> None:
    with serving(manager=FailingManager(KeyError("a bug"))) as client:
        client.post("/generate", json={"prompt": "x"}, headers={"X-Request-ID": "r-1"})
    found = written.getvalue()
    assert re.search(r" ERROR sfm2\.\S+: internal error id=r-1\nTraceback", found)
    assert re.search(
        r" INFO sfm2.access: POST /generate 500 \d+ ms id=r-1 client=127.0.0.1 key=- error=internal_error\n", found
    )


@pytest.mark.parametrize("written", [JSONFormatter], indirect=True)
def test_a_line_of_the_stores_thread_names_the_request_that_caused_it(
    serving: Serving, tmp_path: Path, written: io.StringIO
) -> None:
    with serving() as client:
        client.get("/stats")
        (tmp_path / "sfm2.db").unlink()
        client.get("/stats", headers={"X-Request-ID": "r-9"})
    [deleted] = [line for line in lines(written) if "was deleted" in line["message"]]
    assert deleted["request_id"] == "r-9"


@pytest.mark.parametrize("message", ["two\nlines", 'a "quote"', "\ud800 half of a character", "\x1b[31m"])
def test_whatever_is_said_stays_on_one_line_of_ascii(message: str) -> None:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "x"})
    line = JSONFormatter().format(record)
    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["message"] == message


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_logs_json_writes_nothing_else(tmp_path: Path, workers: str) -> None:
    environment = {"SFM2_LOG_FORMAT": "json", "SFM2_FALLBACK_CHAIN": "echo", "SFM2_LOG_LEVEL": "DEBUG"}
    options = ("--workers", workers, "--host", "0.0.0.0")
    with serve_process(tmp_path, *options, environment=environment) as server:
        server.stop()
    found = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]
    assert any("anyone who can reach" in line["message"] and line["level"] == "WARNING" for line in found)
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, found))
