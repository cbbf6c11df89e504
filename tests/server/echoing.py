"""A live server with the echo backend, which repeats the last line's `echo:TEXT`, and the requests that it got."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfm2.server.app import create_app
from tests.server.live import live, settings_for


@dataclass
class Echo:
    """A server and its requests. `left` counts those whose client did not wait for the answer."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0

    @property
    def last(self) -> dict[str, Any]:
        return self.asked[-1]


class Recording:
    """Middleware that records the JSON bodies of requests."""

    def __init__(self, app: ASGIApp, echo: Echo) -> None:
        self._app = app
        self._echo = echo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False
        body = b""

        async def recorded() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request":
                body += message["body"]
                if body and not message["more_body"]:
                    kept = self._echo.feedback if scope["path"] == "/feedback" else self._echo.asked
                    kept.append(json.loads(body))
                    body = b""
            elif message["type"] == "http.disconnect" and not answered:
                self._echo.left += 1
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._app(scope, recorded, sent)


@contextmanager
def serving(folder: Path, **sections: dict[str, Any]) -> Iterator[Echo]:
    echo = Echo()
    app = create_app(settings_for(folder, **sections))
    app.add_middleware(Recording, echo=echo)
    with live(app) as client:
        echo.url = str(client.base_url)
        yield echo


def by_proxy(echo: Echo) -> dict[str, str]:
    """Variables with which httpx asks `echo` for servers on other machines."""
    return {"HTTP_PROXY": echo.url, "http_proxy": echo.url, "NO_PROXY": "", "no_proxy": ""}
