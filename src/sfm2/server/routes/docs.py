"""The API's documentation, without a CDN: Swagger UI's files come with the package `fastapi-swagger`."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
assets = Mount("/swagger", StaticFiles(packages=[("fastapi_swagger", "resources")]))


@router.get("/docs")
async def documentation() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="SFM-2",
        swagger_js_url="swagger/swagger-ui-bundle.js",
        swagger_css_url="swagger/swagger-ui.css",
        swagger_favicon_url="swagger/favicon-32x32.png",
    )
