"""Where the server's log goes: standard error, one line an event."""

from __future__ import annotations

from typing import Any


def log_config(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`. Other libraries speak up from WARNING on, or all with DEBUG."""
    others = "DEBUG" if level == "DEBUG" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {"sfm2": {"level": level}},
    }
