"""The adapter that a key has."""

from __future__ import annotations

from typing import TypeVar

from starlette.requests import Request

from sfm2.server.exchange import Exchange
from sfm2.types import GenerationOptions

Asked = TypeVar("Asked", bound=GenerationOptions)


def with_key(body: Asked, request: Request) -> Asked:
    """Who names no adapter gets that of the key."""
    key = Exchange.of(request.scope).key
    if key is None or key.adapter is None or body.adapter is not None:
        return body
    return body.model_copy(update={"adapter": key.adapter})
