"""Clients of live servers on a loopback port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from sfm2.config import Settings
from sfm2.testing import serve

MODEL_ROUTES = [
    "/generate",
    "/generate/batch",
    "/generate/stream",
    "/complete",
    "/complete/stream",
    "/explain",
    "/explain/stream",
]

Serving = Callable[..., AbstractContextManager[httpx.Client]]


def settings_for(data_dir: Path, store_url: str | None = None, /, **sections: dict[str, Any]) -> Settings:
    """Settings of a server with the echo backend. It remembers its keys beside `data_dir`, not in the user's folder."""
    storage = {
        "url": store_url,
        "data_dir": data_dir,
        "state_dir": data_dir.with_name(f"{data_dir.name}-state"),
    }
    return Settings.model_validate({"storage": storage, "fallback": {"chain": ["echo"]}, **sections})


@contextmanager
def live(app: ASGIApp, **client_options: Any) -> Iterator[httpx.Client]:
    """A client of `app`, served for as long as this lasts."""
    with (
        serve(app) as server,
        httpx.Client(base_url=server.url, timeout=20, trust_env=False, **client_options) as client,
    ):
        yield client
