"""The app: settings and a model manager in, FastAPI out. All state is made here."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NoReturn

from fastapi import Depends, FastAPI, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.exceptions import HTTPException
from uvicorn.config import STARTUP_FAILURE

import sfm2
from sfm2.config import Settings, load
from sfm2.core import AsyncModelManager
from sfm2.errors import MalformedRequestError, MethodNotAllowedError, NotFoundError, SFM2Error
from sfm2.server import handover, middleware
from sfm2.server.documentation import DocumentedApp, operation_id
from sfm2.server.exchange import Exchange
from sfm2.server.routes import docs, feedback, health, infill, models, openai, page, stats
from sfm2.server.state import State

_log = logging.getLogger(__name__)
_DESCRIPTION = "Self-hosted, syntax-aware code generation. Lengths are in tokens, times in seconds."
# Read by the documentation only; `middleware.Authenticate` is who checks.
_KEY_FORMS = [
    Depends(HTTPBearer(auto_error=False, description="`Authorization: Bearer sfm2_...`")),
    Depends(APIKeyHeader(name="X-API-Key", auto_error=False)),
]


def create_app(settings: Settings | None = None, manager: AsyncModelManager | None = None) -> FastAPI:
    """An app that starts and closes `manager` with itself. Raises `ConfigError`."""
    settings = settings or load().settings
    state = State(settings, manager or AsyncModelManager(settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with state.running():
            yield

    app = DocumentedApp(
        title="SFM-2",
        version=sfm2.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
        docs_url=None,  # FastAPI's own page loads its scripts from a CDN
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        exception_handlers={HTTPException: _raise_ours},
    )
    app.state.sfm2 = state
    for outer in reversed(middleware.ORDER):
        app.add_middleware(outer, state=state)
    app.include_router(docs.router)
    app.router.routes.append(docs.assets)
    app.include_router(page.router)
    app.router.routes.append(page.assets)
    app.include_router(health.router)
    app.include_router(models.router, dependencies=_KEY_FORMS)
    app.include_router(openai.router, dependencies=_KEY_FORMS)
    app.include_router(infill.router, dependencies=_KEY_FORMS)
    app.include_router(feedback.router, dependencies=_KEY_FORMS)
    app.include_router(stats.router, dependencies=_KEY_FORMS)
    return app


def from_environment(environment: Mapping[str, str] | None = None) -> FastAPI:
    """What worker processes import: the settings that `sfm2 serve` left for them, else those of `sfm2.config`.

    Ends the process with uvicorn's STARTUP_FAILURE when that can't be: it would be started again and again otherwise.
    """
    environment = os.environ if environment is None else environment
    try:
        return create_app(handover.read(environment) or load(environment=environment).settings)
    except SFM2Error as error:
        _log.error("%s; %s", error.message, error.suggestion)
        raise SystemExit(STARTUP_FAILURE) from error


async def _raise_ours(request: Request, error: Exception) -> NoReturn:
    """The router's own complaints, as classes of ours."""
    assert isinstance(error, HTTPException)
    route = f"{request.method} {request.url.path}"
    if error.status_code == 404:
        raise NotFoundError(f"there is no route {route}") from error
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        Exchange.of(request.scope).headers["Allow"] = allowed
        raise MethodNotAllowedError(f"{route} does not exist; expected {allowed}") from error
    raise MalformedRequestError(error.detail) from error
