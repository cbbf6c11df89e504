"""The page at `/docs`: Swagger UI without a CDN. Its files come with the package `fastapi-swagger`."""

from __future__ import annotations

from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2

POLICY = RoutePolicy(SFM2, open=True, limited=False)


def docs_router() -> ServiceRouter:
    """`/docs` and the files that it loads."""
    router = ServiceRouter(POLICY, include_in_schema=False)
    router.add_api_route("/docs", _swagger_page)
    router.add_static("/swagger", StaticFiles(packages=[("fastapi_swagger", "resources")]))
    return router


async def _swagger_page() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="SFM-2",
        swagger_js_url="swagger/swagger-ui-bundle.js",
        swagger_css_url="swagger/swagger-ui.css",
        swagger_favicon_url="swagger/favicon-32x32.png",
    )
