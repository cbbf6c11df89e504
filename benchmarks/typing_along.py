"""What an answer costs that is known: requests that type along one completion, to a live server whose model is a script.

python -m benchmarks.typing_along

The server's time is that between the arrival of a request at the app and its last byte; the whole is what a client on the
same machine waits, with its own HTTP.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import click
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.server.app import create_app
from sfm2.testing import ScriptedBackend, serve

_LINES = [f"value_{number} = {number}\n" for number in range(2_000)]
_TEXT = " + ".join(f"value_{number}" for number in range(60))


class Timed:
    """An app that notes how long it takes for each request, in milliseconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.times: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        await self._app(scope, receive, send)
        if scope["type"] == "http":
            self.times.append((time.perf_counter() - began) * 1_000)


@click.command()
@click.option("--requests", default=200, show_default=True, help="How many are measured.")
@click.option("--lines", default=300, show_default=True, help="Lines of the file before the cursor.")
def main(requests: int, lines: int) -> None:
    """Print the medians, in milliseconds."""
    before = "".join(_LINES[:lines]) + "x = "
    backend = ScriptedBackend("echo", _TEXT)
    whole = []
    with tempfile.TemporaryDirectory() as folder:
        storage = {"data_dir": Path(folder), "state_dir": Path(folder)}
        settings = Settings.model_validate({"storage": storage, "fallback": {"chain": ["echo"]}})
        app = Timed(create_app(settings, AsyncModelManager(settings, [backend])))
        with serve(app) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
            for number in range(requests + 1):
                asked = {"prefix": before + _TEXT[:number], "suffix": "\n", "path": "a.py"}
                began = time.perf_counter()
                client.post("/complete", json=asked).raise_for_status()
                whole.append((time.perf_counter() - began) * 1_000)
    if len(backend.requests) != 1:
        raise click.ClickException(f"the model was asked {len(backend.requests)} times, not once")
    click.echo(f"{requests} answers with {len(before):,} characters before the cursor")
    for name, times in (("server", app.times[1:]), ("client", whole[1:])):
        click.echo(
            f"{name}: median {statistics.median(times):.2f} ms, 90 %: {statistics.quantiles(times, n=10)[-1]:.2f}"
        )


if __name__ == "__main__":
    main()
