"""A real HTTP server in a thread of this process, for as long as a test lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfm2.backends.base import Backend
from sfm2.config import Settings
from sfm2.core import AsyncModelManager

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@dataclass(frozen=True)
class RunningServer:
    """A server in this process."""

    url: str
    """Where it listens, such as http://127.0.0.1:41234."""
    app: ASGIApp


@contextmanager
def serve(
    served: Settings | ASGIApp, backends: Sequence[Backend] | None = None, manager: AsyncModelManager | None = None
) -> Iterator[RunningServer]:
    """Serve on a free port of the loopback interface.

    With settings, SFM-2's own app: `backends` replaces the chain's, `manager` all that answers. Or any other ASGI app. Needs
    the extra `server`.
    """
    import uvicorn

    from sfm2.server.app import create_app
    from sfm2.server.process.listening import listen, url_of
    from sfm2.server.serve import configure

    settings = served if isinstance(served, Settings) else Settings()
    app = served
    if isinstance(app, Settings):
        app = create_app(settings, manager or AsyncModelManager(settings, backends))
    config = configure(app, settings, log=None)
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while (
            not server.started and thread.is_alive()
        ):  # before, it reads its files: what a test does to them comes later
            time.sleep(0.002)
        try:
            yield RunningServer(url_of(listener, settings.api.scheme), app)
        finally:
            server.should_exit = True
            thread.join()
