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
from sfm2.headers import API_KEY
from sfm2.server import middleware
from sfm2.server.editors.routes import editors_router
from sfm2.server.http import documentation
from sfm2.server.http.context import RequestContext
from sfm2.server.http.routing import RouteTable, ServiceRouter
from sfm2.server.page import swagger
from sfm2.server.page.routes import page_router
from sfm2.server.process import worker_settings
from sfm2.server.process.python_lock import share_the_lock
from sfm2.server.protocols.llama_cpp import routes as llama_cpp_routes
from sfm2.server.protocols.llama_cpp.protocol import LLAMA_CPP
from sfm2.server.protocols.openai import routes as openai_routes
from sfm2.server.protocols.openai.protocol import OPENAI
from sfm2.server.protocols.sfm2 import admin_routes, health_routes, language_routes, model_routes, usage_routes
from sfm2.server.protocols.sfm2.protocol import SFM2
from sfm2.server.state import AppState

_log = logging.getLogger(__name__)
_DESCRIPTION = "Self-hosted, syntax-aware code generation. Lengths are in tokens, times in seconds."
# For the documentation only; the middleware `Authenticate` checks keys.
_KEY_FORMS = [
    Depends(HTTPBearer(auto_error=False, description="`Authorization: Bearer sfm2_...`")),
    Depends(APIKeyHeader(name=API_KEY, auto_error=False)),
]


def create_app(settings: Settings | None = None, manager: AsyncModelManager | None = None) -> FastAPI:
    """An app that starts and closes `manager` with itself. Raises `ConfigError`."""
    settings = settings or load().settings
    routes = RouteTable((OPENAI, LLAMA_CPP, SFM2))
    state = AppState(settings, manager or AsyncModelManager(settings), routes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with state.running():
            yield

    app = documentation.DocumentedApp(
        title="SFM-2",
        version=sfm2.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=documentation.operation_id,
        redirect_slashes=False,
        docs_url=None,  # FastAPI's own page loads its scripts from a CDN
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        exception_handlers={HTTPException: _raise_ours},
    )
    app.state.sfm2 = state
    for layer in reversed(middleware.ORDER):
        app.add_middleware(layer, state=state)
    routes.add(app.routes, swagger.POLICY)  # So far only FastAPI's own: /openapi.json.
    for router in _routers():
        app.include_router(router, dependencies=[] if router.policy.open else _KEY_FORMS)
        app.router.routes.extend(router.static)
        routes.add([*router.routes, *router.static], router.policy)
    return app


def from_environment(environment: Mapping[str, str] | None = None) -> FastAPI:
    """The app of a worker process, with the settings that `sfm2 serve` passed to it, else those of `sfm2.config`.

    Ends the process with uvicorn's STARTUP_FAILURE if that fails: otherwise uvicorn would restart it again and again.
    """
    environment = os.environ if environment is None else environment
    share_the_lock()
    try:
        return create_app(worker_settings.read(environment) or load(environment=environment).settings)
    except SFM2Error as error:
        _log.error("%s; %s", error.message, error.suggestion)
        raise SystemExit(STARTUP_FAILURE) from error


def _routers() -> list[ServiceRouter]:
    return [
        swagger.docs_router(),
        page_router(),
        editors_router(),
        health_routes.router,
        model_routes.router,
        language_routes.router,
        openai_routes.models_router,
        openai_routes.router,
        llama_cpp_routes.router,
        usage_routes.router,
        usage_routes.stats_router,
        admin_routes.router,
    ]


async def _raise_ours(request: Request, error: HTTPException) -> NoReturn:
    """FastAPI's own errors, as classes of ours."""
    route = f"{request.method} {request.url.path}"
    if error.status_code == 404:
        raise NotFoundError(f"there is no route {route}") from error
    if error.status_code == 405:
        state: AppState = request.app.state.sfm2
        allowed = ", ".join(state.routes.methods(request.scope))
        RequestContext.of(request.scope).headers["Allow"] = allowed
        raise MethodNotAllowedError(f"{route} does not exist; expected {allowed}") from error
    raise MalformedRequestError(error.detail) from error
