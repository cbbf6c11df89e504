"""The log: lines for people, or JSON for programs, with the id of the request that caused a line."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sfm2 import tracing
from sfm2.config import LogSettings

CURRENT_REQUEST: ContextVar[str | None] = ContextVar("sfm2_request", default=None)
"""The id of the request that is being served, as the outermost middleware sets it; tasks and threads of it inherit it"""
FIELDS = ("request_id", "trace_id", "method", "path", "status", "milliseconds", "client", "key", "error")
"""What a line may have besides its message: the id, and `extra` of the access log. Prompts, keys and query strings never"""
_SHOWN = {
    "request_id": "id",
    "client": "client",
    "key": "key",
    "error": "error",
}  # behind the message, in lines for people


class RequestFilter(logging.Filter):
    """Drops nothing: it notes the request and the trace that a record belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        if (request := CURRENT_REQUEST.get()) is not None:
            record.request_id = request
        if (span := tracing.CURRENT.get()) is not None:
            record.trace_id = span.trace_id
        return True


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00,000 INFO sfm2.access: GET /stats 200 3 ms id=4f1c client=::1 key=-`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        found = fields_of(record)
        shown = (f" {short}={_dashed(found[name])}" for name, short in _SHOWN.items() if name in found)
        return super().formatMessage(record) + "".join(shown)


class JSONFormatter(logging.Formatter):
    """One JSON object a line. The time is ISO 8601 in UTC; a traceback is the text `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line, default=str)


def json_line(logger: str, message: str) -> str:
    """A line as `JSONFormatter` writes it, for standard output."""
    return JSONFormatter().format(logging.makeLogRecord({"name": logger, "levelname": "INFO", "msg": message}))


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Those of `FIELDS` that the record has."""
    return {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


def log_config(settings: LogSettings) -> dict[str, Any]:
    """Logging to standard error, for `logging.config.dictConfig`. Other libraries log from WARNING on, or all with DEBUG."""
    others = "DEBUG" if settings.level == "DEBUG" else "WARNING"
    handler = {"class": "logging.StreamHandler", "formatter": settings.format, "filters": ["request"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestFilter}},
        "formatters": {"text": {"()": TextFormatter}, "json": {"()": JSONFormatter}},
        "handlers": {"stderr": handler},
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {"sfm2": {"level": settings.level}},
    }


def _dashed(value: Any) -> Any:
    return "-" if value is None else value
