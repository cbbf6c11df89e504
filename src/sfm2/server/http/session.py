"""`X-Session-ID`: one place where somebody types, such as an editor's window. Its newest request is the one that counts."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Request

from sfm2.errors import InvalidRequestError
from sfm2.headers import SESSION_ID
from sfm2.server.http.context import RequestContext
from sfm2.validation import shortened

_PLAIN = re.compile(r"[!-~]{1,128}")


async def take_session(
    request: Request,
    session: Annotated[
        str | None,
        Header(
            alias=SESSION_ID, description="A newer request with the same one ends an older one that is being answered"
        ),
    ] = None,
) -> None:
    """For routes that are asked while somebody types: note the session in the request's context."""
    if session is None:
        return
    if not _PLAIN.fullmatch(session):
        raise InvalidRequestError(
            f"{SESSION_ID}: expected 1 to 128 printable ASCII characters without spaces, not {shortened(repr(session))}",
            suggestion="Send a random text, such as a UUID, and the same one as long as the session lasts",
        )
    context = RequestContext.of(request.scope)
    context.session = f"{context.client} {session}"
