"""`sfm2 lsp`: start the language server."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import click

from sfm2.cli.completer import Target, patience, prepare_weights, server_url
from sfm2.cli.extras import needing
from sfm2.cli.invocation import Invocation, current
from sfm2.cli.options import examples, target_options
from sfm2.config import Settings
from sfm2.errors import ConfigError
from sfm2.lsp.service import Service
from sfm2.repository.local import LocalRepositories, is_elsewhere


@click.command(epilog=examples("sfm2 lsp", "sfm2 lsp --api-url http://gpu-server:8000", "sfm2 lsp --tcp 0"))
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve on a TCP port of this machine instead; 0 takes a free one.",
)
@target_options
def lsp(port: int | None, target: Target) -> None:
    """Start the language server for editors.

    Your editor starts it and speaks the Language Server Protocol with it on standard input and output;
    docs/site/editors.md says how to set it up. It asks the server that --api-url names, else the one that `sfm2 serve`
    starts on this machine, which may start later or restart.
    """
    invocation = current()
    _log_to_stderr(invocation.settings)
    try:
        said_goodbye = asyncio.run(_serve(target, invocation, port))
    except OSError as error:
        raise ConfigError(
            f"cannot serve on port {port}: {error.strerror}", suggestion="Name another port, or 0"
        ) from error
    if not said_goodbye:
        sys.exit(1)


async def _serve(target: Target, invocation: Invocation, port: int | None) -> bool:
    with needing("lsp", "`sfm2 lsp`"):
        from sfm2.lsp import transport
    async with _service(target, invocation.settings) as service:
        if port is None:
            return await transport.serve_stdio(service)
        await transport.serve_tcp(service, port, lambda port: click.echo(f"listening on 127.0.0.1:{port}", err=True))
        return True


@asynccontextmanager
async def _service(target: Target, settings: Settings) -> AsyncIterator[Service]:
    if target.local:
        from sfm2.core import AsyncModelManager

        prepare_weights(settings, use_fallback=True)
        async with AsyncModelManager(settings, patient=True) as manager:
            yield Service(manager, "this process", repositories=LocalRepositories(settings, sends=False))
    else:
        from sfm2.client import AsyncSFM2Client

        url = _url(target, settings)
        # Without retries: by the time of a second try, the user has typed on.
        async with AsyncSFM2Client(url, target.api_key, timeout=patience(settings), max_retries=0) as client:
            with closing(LocalRepositories(settings, sends=is_elsewhere(url))) as repositories:
                yield Service(client, url, client.feedback, repositories)


def _url(target: Target, settings: Settings) -> str:
    """The server's URL. The server may start later, so nothing checks whether it runs."""
    url = server_url(target, settings.api, is_sfm2=lambda url: True)
    if url is None:
        raise ConfigError(
            "api.port is 0: the server may be at any port", suggestion="Name it: --api-url or SFM2_API_URL"
        )
    return url


def _log_to_stderr(settings: Settings) -> None:
    """Log to where editors look for it. pygls logs every message, the user's code included, so only at level DEBUG."""
    level = settings.log.level
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if level != "DEBUG":
        for name in ("pygls", "httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.ERROR)
