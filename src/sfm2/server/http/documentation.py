"""What the OpenAPI document states beyond what FastAPI finds by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from sfm2.types import Chunk, ErrorBody

OPENAI_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `stream`: an event for each chunk, then `[DONE]`, or an event with `error` as the last one",
        "content": {"text/event-stream": {"schema": {"type": "object", "properties": {"data": {"type": "string"}}}}},
    }
}
ONE_ANSWER = {
    "requestBody": {"content": {"application/json": {"schema": {"properties": {"n": {"enum": [None, 1]}}}}}},
}
"""For `openapi_extra` of a route that streams: a stream carries one answer."""
_MEANINGS = {
    400: "The body is not JSON, not UTF-8, or not an object; or the Host header does not name this server",
    401: "The API key is missing, wrong, revoked or expired",
    403: "The API key has not the scope that this route needs; the message names it",
    404: "What the request refers to does not exist; the message names it",
    409: "Another request has this `Idempotency-Key`, or it is still being answered; or a newer one of the session came",
    413: "The body, the prompt or the batch is over its limit, or the prompt is longer than the model's window",
    415: "The Content-Type is not application/json",
    422: "A field is wrong; the message names it",
    429: "Over the rate limit; Retry-After gives the seconds to wait",
    500: "An internal error; the server's log has it under the request id",
    503: "No backend could answer, or the store of keys can't be used; the message has every cause",
    504: "No answer within the seconds of `X-Request-Timeout`",
}


def events(answer: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for a stream that ends with an `answer`. The schema is that of each event.

    `answer` must be a schema of the document: of another route that sends it whole.
    """
    return {
        200: {
            "description": f"`chunk` events, then one `done` (`{answer.__name__}`) or `error` (`ErrorBody`)",
            "content": {
                "text/event-stream": {
                    "schema": {"oneOf": [_event("chunk", Chunk), _event("done", answer), _event("error", ErrorBody)]}
                }
            },
        }
    }


def _event(name: str, data: type[BaseModel]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "event": {"const": name},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": f"#/components/schemas/{data.__name__}"},
            },
        },
        "required": ["event", "data"],
    }


class DocumentedApp(FastAPI):
    """FastAPI, with the schemas that only streams carry, and without its own validation errors, which are never sent."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
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
    """The function's name: generated clients call the operation by it."""
    return route.name


def error_responses(*statuses: int, body: type[BaseModel] = ErrorBody) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for error statuses with this body."""
    return {status: {"model": body, "description": _MEANINGS[status]} for status in statuses}
