"""What OpenVINO raises, and what it says without where in its source it said it."""

from __future__ import annotations

import re

OPENVINO_ERRORS = (RuntimeError, ValueError, LookupError, MemoryError)  # what C++'s become in Python
_PLACE = re.compile(r"(?:Exception from|Check .* failed at) \S+:\d+:\s*")


def plain(error: BaseException) -> str:
    """The message of an error of OpenVINO's, in one line, without the paths of its build."""
    return " ".join(without_places(str(error)).split()) or type(error).__name__


def without_places(said: str) -> str:
    """What OpenVINO said, without the files and lines of its build."""
    return _PLACE.sub("", said)
