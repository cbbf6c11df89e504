"""The page at `/` and the files that it loads. They need no key; what the page requests from the API does."""

from __future__ import annotations

import os
from pathlib import PurePath

from fastapi import Request
from fastapi.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.page import BUILT, MOUNTED
from sfm2.server.protocols.sfm2.protocol import SFM2

# Stated here, because the system's own table of types may have text/plain for scripts, which browsers then don't run.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "font", "img", "connect")),
        *(f"{kind} 'none'" for kind in ("base-uri", "form-action", "frame-ancestors")),
    ]
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_A_YEAR = "public, max-age=31536000, immutable"


class PageFiles(StaticFiles):
    """Files under `assets` have a digest of their content in their names and never change. Browsers revalidate the rest."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = PurePath(full_path)
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = _A_YEAR if path.parent.name == "assets" else "no-cache"
        if "content-type" in response.headers:
            response.headers["Content-Type"] = _TYPES[path.suffix]
        return response


def page_router() -> ServiceRouter:
    """The page's routes."""
    router = ServiceRouter(RoutePolicy(SFM2, open=True, limited=False), include_in_schema=False)
    files = PageFiles(directory=BUILT, check_dir=False)
    router.add_static(MOUNTED, files)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    return router
