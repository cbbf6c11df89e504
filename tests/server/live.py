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

Serving = Callable[..., AbstractContextManager[httpx.Client]]


def settings_for(data_dir: Path, **sections: dict[str, Any]) -> Settings:
    return Settings.model_validate({"storage": {"data_dir": data_dir}, "fallback": {"chain": ["echo"]}, **sections})


@contextmanager
def live(app: ASGIApp, **client_options: Any) -> Iterator[httpx.Client]:
    """A client of `app`, served for as long as this lasts."""
    with (
        serve(app) as server,
        httpx.Client(base_url=server.url, timeout=20, trust_env=False, **client_options) as client,
    ):
        yield client
