"""`sfm2 lsp`: the language server."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from sfm2.cli.answerer import server_to_ask
from sfm2.cli.extras import needing
from sfm2.cli.invocation import Invocation, current
from sfm2.cli.options import Access, access_options
from sfm2.config import Settings
from sfm2.errors import ConfigError

if TYPE_CHECKING:
    from sfm2.lsp.answering import Answerer


@click.command()
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve on a port of this machine; 0 takes a free one.",
)
@access_options
def lsp(port: int | None, access: Access) -> None:
    """Serve editors by the Language Server Protocol, on standard input and output.

    Your editor starts it; docs/site/editors.md says how. It asks the server that --api-url names, else the one that
    `sfm2 serve` starts on this machine, and goes on by itself when that comes later or is started again.
    """
    invocation = current()
    _log_to_stderr(invocation.settings)
    try:
        said_goodbye = asyncio.run(_serve(access, invocation, port))
    except OSError as error:
        raise ConfigError(
            f"cannot serve on port {port}: {error.strerror}", suggestion="Name another port, or 0"
        ) from error
    if not said_goodbye:
        sys.exit(1)


async def _serve(access: Access, invocation: Invocation, port: int | None) -> bool:
    with needing("lsp", "`sfm2 lsp`"):
        from sfm2.lsp import transport
    async with _answerer(access, invocation.settings) as answerer:
        if port is None:
            return await transport.serve_stdio(answerer)
        await transport.serve_tcp(answerer, port, lambda port: click.echo(f"listening on 127.0.0.1:{port}", err=True))
        return True


@asynccontextmanager
async def _answerer(access: Access, settings: Settings) -> AsyncIterator[Answerer]:
    if access.local:
        from sfm2.cli.local import prepare
        from sfm2.core import AsyncModelManager
        from sfm2.lsp.local import Local

        prepare(settings, use_fallback=True)
        async with AsyncModelManager(settings, patient=True) as manager:
            yield Local(manager)
    else:
        from sfm2.client import AsyncSFM2Client
        from sfm2.lsp.answering import Remote

        url = _url(access, settings)
        timeout = settings.generation.timeout * len(settings.fallback.chain)
        async with AsyncSFM2Client(url, access.api_key, timeout=timeout) as client:
            yield Remote(client, url)


def _url(access: Access, settings: Settings) -> str:
    """It may not be there yet, so nobody looks."""
    url = server_to_ask(access, settings.api, is_sfm2=lambda url: True)
    if url is None:
        raise ConfigError(
            "api.port is 0: the server may be at any port", suggestion="Name it: --api-url or SFM2_API_URL"
        )
    return url


def _log_to_stderr(settings: Settings) -> None:
    """Where editors look for it. pygls says everything twice, and the user's code with it, so only in DEBUG."""
    level = settings.log.level
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if level != "DEBUG":
        for name in ("pygls", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.ERROR)
