"""`sfm2 serve`: start the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sfm2.cli.completer import offer_weights
from sfm2.cli.extras import needing
from sfm2.cli.invocation import Invocation
from sfm2.cli.options import examples
from sfm2.config import Settings, is_loopback, load

_LEVELS = click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False)
_DOT = "__"  # a dot in the name of a setting, where a name must be an identifier


@click.command(
    epilog=examples("sfm2 serve", "sfm2 serve --host 0.0.0.0 --port 9000 --workers 2", "sfm2 serve --config team.json")
)
@click.option("--host", "api__host", help="Address to serve on; 0.0.0.0 for all of this machine's.")
@click.option("--port", "api__port", type=click.IntRange(0, 65535), help="Port to serve on; 0 takes a free one.")
@click.option(
    "--workers", "api__workers", type=click.IntRange(1, 64), help="Number of server processes, which share one engine."
)
@click.option("--config", "file", type=click.Path(dir_okay=False, path_type=Path), help="Configuration file (JSON).")
@click.option("--log-level", "log__level", type=_LEVELS, help="The least severe messages to log.")
@click.pass_context
def serve(ctx: click.Context, /, file: Path | None, **values: Any) -> None:
    """Start the server; Ctrl-C or SIGTERM stops it."""
    settings = _effective(ctx, file, {name.replace(_DOT, "."): value for name, value in values.items()})
    with needing("server", "the server"):
        from sfm2.server import serve as serving
        from sfm2.server.process import listening
    _warn(settings, _key_exists(settings))
    offer_weights(settings)
    with listening.listen(settings.api.host, settings.api.port) as listener:
        config = serving.build(settings)
        _welcome(listening.url_of(listener))
        serving.run(config, settings, listener)


def _effective(ctx: click.Context, file: Path | None, arguments: dict[str, Any]) -> Settings:
    """The settings with `arguments` (by dotted name) on top. The command's own --config wins over the group's."""
    invocation = ctx.find_object(Invocation)
    return load(arguments, path=file or (invocation.path if invocation else None)).settings


def _key_exists(settings: Settings) -> bool:
    from sfm2.server.usage.keys import Keys
    from sfm2.server.usage.store import Store

    store = Store.in_folder(settings.storage.data_dir)
    try:
        return Keys(store).exist()
    finally:
        store.close()


def _warn(settings: Settings, key_exists: bool) -> None:
    required = settings.api.require_key
    if required and not key_exists:
        click.echo("Warning: requests need a key, and there is none yet. `sfm2 keys create` creates one.", err=True)
    open_to_all = required is False or (required is None and not key_exists)
    if open_to_all and not is_loopback(settings.api.host):
        click.echo(
            f"Warning: anyone who can reach {settings.api.host} can use this server. "
            "`sfm2 keys create` creates a key; from then on requests need one.",
            err=True,
        )


def _welcome(url: str) -> None:
    place = "" if url == "http://127.0.0.1:8000" else f"SFM2_API_URL={url} "
    click.echo(
        f"SFM-2 serves on {url}\n"
        f"  documentation  {url}/docs\n"
        f'  try it         {place}sfm2 generate "def merge_sort(arr):" --language python\n'
        f"  stop           Ctrl-C"
    )
