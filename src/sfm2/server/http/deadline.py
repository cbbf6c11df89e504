"""`X-Request-Timeout`: how long the client waits. Waiting and writing count together, from the request's arrival."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated

from fastapi import Header, Request
from pydantic import BeforeValidator, WithJsonSchema

from sfm2.headers import REQUEST_TIMEOUT
from sfm2.server.http.context import RequestContext
from sfm2.validation import shortened


def _seconds(text: str) -> float:
    """Raises `ValueError` for anything but a finite number over 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"expected seconds, a number over 0 such as 2.5, not {shortened(text)!r}")
    return seconds


async def take_deadline(
    request: Request,
    seconds: Annotated[
        float | None,
        BeforeValidator(_seconds),
        WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
        Header(
            alias=REQUEST_TIMEOUT,
            description="Seconds, from the arrival of the request, after which the client waits no longer",
        ),
    ] = None,
) -> None:
    """For routes that ask models: note the deadline in the request's context."""
    if seconds is not None:
        context = RequestContext.of(request.scope)
        context.patience = seconds
        context.deadline = asyncio.get_running_loop().time() + seconds - context.elapsed
