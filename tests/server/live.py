"""A live uvicorn on a loopback port, in a thread. For every test that needs a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from sfm2.config import Settings
from sfm2.server.process.listening import listen, url_of
from sfm2.server.serve import configure

Serving = Callable[..., AbstractContextManager[httpx.Client]]


def settings_for(data_dir: Path, **sections: dict[str, Any]) -> Settings:
    return Settings.model_validate({"storage": {"data_dir": data_dir}, "fallback": {"chain": ["echo"]}, **sections})


@contextmanager
def live(app: FastAPI, **client_options: Any) -> Iterator[httpx.Client]:
    """A client of `app`, served for as long as this lasts."""
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(configure(app, app.state.sfm2.settings, log=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=url_of(listener), timeout=20, trust_env=False, **client_options) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
