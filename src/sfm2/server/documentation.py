"""What OpenAPI says beyond what FastAPI finds by itself: errors, and the events of a stream."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from sfm2.types import Chunk, ErrorBody

EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`chunk` events, then one `done` (`Completion`) or `error` (`ErrorBody`)",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Chunk"}}},
    }
}
OPENAI_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `stream`: events of pieces, then `[DONE]`; or one with `error`, and the end",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class DocumentedApp(FastAPI):
    """FastAPI that also describes what only streams carry, and does not promise its own validation errors."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas = document["components"]["schemas"]
        schemas.setdefault("Chunk", Chunk.model_json_schema(ref_template="#/components/schemas/{model}"))
        schemas["Chunk"].pop("$defs", None)
        for operation in (one for path in document["paths"].values() for one in path.values()):
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document


def operation_id(route: APIRoute) -> str:
    """The function's name: what generated clients call it."""
    return route.name


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for these error statuses."""
    return documented_as(ErrorBody, *statuses)


def documented_as(body: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same, in the words of another protocol."""
    return {status: {"model": body, "description": _MEANINGS[status]} for status in statuses}


_MEANINGS = {
    400: "The body is not JSON, not UTF-8, or not an object; or the Host header is not this server's",
    401: "No API key, a wrong one or a revoked one",
    404: "There is nothing of this id; the message says what was looked for",
    413: "The body, the prompt or the batch is over its limit, or the prompt is beyond the model's window",
    415: "The body is not declared as application/json",
    422: "A field is wrong; the message names it",
    429: "Over the rate limit; Retry-After says for how long",
    500: "A bug; the server's log has it under the request id",
    503: "No backend could answer; the message has every cause",
}
