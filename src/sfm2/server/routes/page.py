"""The page at `/` and the files that it loads. They need no key; what it asks the API for does."""

from __future__ import annotations

import os
from pathlib import PurePath

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sfm2.server.page import BUILT, MOUNTED

# Told here: a system's own table of types may say text/plain of a script, which a browser then does not run.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "font", "img", "connect")),
        *(f"{kind} 'none'" for kind in ("base-uri", "form-action", "frame-ancestors")),
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_A_YEAR = "public, max-age=31536000, immutable"


class _Files(StaticFiles):
    """Names under `assets` hold a digest of what is in them: they never change. The rest is asked for anew each time."""

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


router = APIRouter(include_in_schema=False)
_files = _Files(directory=BUILT, check_dir=False)
assets = Mount(MOUNTED, _files)


@router.api_route("/", methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    return await _files.get_response("index.html", request.scope)
