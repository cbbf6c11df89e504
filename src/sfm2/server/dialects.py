"""In which words an answer without an answer is given: ours, OpenAI's or llama.cpp's, by the route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from sfm2.errors import SFM2Error
from sfm2.server import problems, rates
from sfm2.server.llama_cpp import errors as llama_cpp_errors
from sfm2.server.openai import errors as openai_errors


@dataclass(frozen=True)
class Dialect:
    """`body` is an error's JSON on one line; `rates` are the headers that say what is left."""

    body: Callable[[SFM2Error], str]
    status: Callable[[SFM2Error], int]
    rates: Callable[[rates.Window], dict[str, str]]


OURS = Dialect(problems.json_of, problems.status_of, rates.headers)
OPENAI = Dialect(openai_errors.json_of, openai_errors.status_of, openai_errors.rate_headers)
LLAMA_CPP = Dialect(llama_cpp_errors.json_of, llama_cpp_errors.status_of, rates.headers)


def dialect_of(path: str) -> Dialect:
    """Also of paths that lead nowhere."""
    if path == "/v1" or path.startswith("/v1/"):
        return OPENAI
    return LLAMA_CPP if path == "/infill" else OURS


def response_to(error: SFM2Error, dialect: Dialect) -> Response:
    return Response(
        dialect.body(error),
        dialect.status(error),
        headers=problems.headers(error),
        media_type="application/json",
    )
