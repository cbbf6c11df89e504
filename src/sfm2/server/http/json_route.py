"""Strict JSON bodies and queries: what is wrong with one is reported as an error of ours, in the route's protocol."""

from __future__ import annotations

import email.message
import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from sfm2 import types
from sfm2.errors import MalformedRequestError, PayloadTooLargeError, UnsupportedMediaTypeError
from sfm2.requests import field_path, validation_message
from sfm2.server.http.protocol import FieldError

MOST_VALUES = 10_000
"""Of a body, in its objects and lists together: three thousand messages of a conversation have that many. If all are
wrong, to find that out takes 0.1 s."""


class JSONRoute(APIRoute):
    """A route whose body, if it takes one, must be a JSON object."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        body = cast("type[types.Request] | None", self.body_field and self.body_field.field_info.annotation)

        async def handle_json(request: Request) -> Response:
            if body is not None:
                require_json(request.headers.get("content-type", ""))
                request = StrictJSONRequest(request.scope, request.receive)
                await request.json()  # here, because FastAPI turns any error that it meets while reading into its own
            try:
                return await handle(request)
            except RequestValidationError as error:
                errors = error.errors()
                raise FieldError(field_path(errors[0]), validation_message(errors, body)) from error

        return handle_json


class StrictJSONRequest(Request):
    """A request whose `json()` accepts nothing but a JSON object in UTF-8."""

    _object: dict[str, Any] | None = None

    async def json(self) -> dict[str, Any]:
        """The body. Raises `MalformedRequestError`."""
        if self._object is None:
            self._object = parse_object(await self.body())
        return self._object


def require_json(content_type: str) -> None:
    """Refuse bodies that are not declared as JSON: web pages of other origins can't send this type without a preflight.

    Raises `UnsupportedMediaTypeError`.
    """
    message = email.message.Message()
    message["content-type"] = content_type
    if not content_type or message.get_content_type() != "application/json":
        shown = repr(content_type) if content_type else "missing"
        raise UnsupportedMediaTypeError(f"the Content-Type is {shown}; expected application/json")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises `MalformedRequestError` for anything but a JSON object in UTF-8, and
    `PayloadTooLargeError` for one of over `MOST_VALUES` values.
    """
    if not body:
        raise MalformedRequestError("the body is empty; expected a JSON object")
    content = _parse(body)
    if not isinstance(content, dict):
        raise MalformedRequestError(f"the body is a JSON {_kind(content)}; expected an object")
    _check_values(content)
    return content


def _check_values(content: dict[str, Any]) -> None:
    """Values take time to validate, and more if each of them is wrong; a long text is a single one."""
    pending: list[dict[str, Any] | list[Any]] = [content]
    count = 0
    while pending:
        inside = pending.pop()
        count += len(inside)
        if count > MOST_VALUES:
            raise PayloadTooLargeError(
                f"the body has over {MOST_VALUES:,} values", suggestion="Send fewer messages or fields at once"
            )
        values = inside.values() if isinstance(inside, dict) else inside
        pending.extend(value for value in values if isinstance(value, dict | list))


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"the body is not UTF-8: invalid byte at offset {error.start}") from error
    except json.JSONDecodeError as error:
        raise MalformedRequestError(
            f"the body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise MalformedRequestError("the body is nested too deeply") from error
    except ValueError as error:  # a number with thousands of digits
        raise MalformedRequestError("the body contains a number that is too long") from error


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedRequestError(f"the body is not valid JSON: {name} is not a JSON value")


def _kind(content: Any) -> str:
    names = {list: "array", str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
    return names[type(content)]
