"""The VS Code extension, for those who use this server. It needs no key: it holds none, and is the same for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse

from sfm2.errors import NotFoundError
from sfm2.server.editors import EXTENSION
from sfm2.server.http.documentation import error_responses
from sfm2.server.http.routing import RoutePolicy, ServiceRouter
from sfm2.server.protocols.sfm2.protocol import SFM2

_TYPE = "application/vsix"
_PACKED: dict[str, Any] = {
    "description": "The extension, as `code --install-extension` takes it",
    "content": {_TYPE: {}},
}


def editors_router(extension: Path = EXTENSION) -> ServiceRouter:
    """The route of the file `extension`, which may appear while the server runs."""
    router = ServiceRouter(RoutePolicy(SFM2, open=True, limited=False), tags=["editors"])

    @router.head("/editors/sfm2.vsix", include_in_schema=False)
    @router.get("/editors/sfm2.vsix", response_class=FileResponse, responses={200: _PACKED, **error_responses(404)})
    def vscode_extension() -> FileResponse:
        """The VS Code extension of this server's version. 404 in a checkout where it has not been built."""
        if not extension.is_file():
            raise NotFoundError(
                "this server runs from a checkout where the VS Code extension was not built",
                suggestion="`make dist` in the checkout builds it; it needs Node 20",
            )
        # Asked for anew each time: the next version has the same name.
        return FileResponse(extension, media_type=_TYPE, filename=extension.name, headers={"Cache-Control": "no-cache"})

    return router
