"""`sfm2 serve`: start the server."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sfm2.cli.completer import offer_weights
from sfm2.cli.extras import needing
from sfm2.cli.invocation import Invocation
from sfm2.cli.options import examples, weights_option
from sfm2.cli.store import opened_keys
from sfm2.config import ApiSettings, LogSettings, Settings, is_loopback, load
from sfm2.errors import ConfigError
from sfm2.server.usage.keys import LOST

_LEVELS = click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False)
_API = ApiSettings()
_log = logging.getLogger(__name__)
_DOT = "__"  # a dot in the name of a setting, where a name must be an identifier


@click.command(
    epilog=examples(
        "sfm2 serve",
        "sfm2 serve -m qwen2.5-coder-1.5b",
        "sfm2 serve --host 0.0.0.0 --port 9000 --workers 2",
        "sfm2 serve --config team.json",
    )
)
@click.option(
    "--host", "api__host", show_default=_API.host, help="Address to serve on; 0.0.0.0 for all of this machine's."
)
@click.option(
    "--port",
    "-p",
    "api__port",
    type=click.IntRange(0, 65535),
    show_default=str(_API.port),
    help="Port to serve on; 0 takes a free one.",
)
@click.option(
    "--workers",
    "api__workers",
    type=click.IntRange(1, 64),
    show_default=str(_API.workers),
    help="Number of server processes, which share one engine.",
)
@weights_option
@click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="the user's",
    help="Configuration file (JSON).",
)
@click.option(
    "--log-level",
    "log__level",
    type=_LEVELS,
    show_default=LogSettings().level,
    help="The least severe messages to log.",
)
@click.pass_context
def serve(ctx: click.Context, /, file: Path | None, **values: Any) -> None:
    """Start the server; Ctrl-C or SIGTERM stops it.

    The configuration file and the environment may set other defaults.
    """
    arguments = {name.replace(_DOT, "."): value for name, value in values.items()}
    settings = _effective(ctx, file, arguments)
    with needing("server", "the server"):
        from sfm2.server import serve as serving
        from sfm2.server.process import listening, logs
    logging.config.dictConfig(logs.log_config(settings.log))
    as_json = settings.log.format == "json"
    for warning in _warnings(settings):
        if as_json:
            _log.warning("%s", warning)
        else:
            click.echo(f"Warning: {warning}", err=True)
    offer_weights(settings)
    with listening.listen(settings.api.host, settings.api.port) as listener:
        config = serving.build(settings)
        url = listening.url_of(listener, settings.api.scheme)
        click.echo(logs.json_line(_log.name, f"SFM-2 serves on {url} until SIGTERM") if as_json else welcome(url))
        serving.run(config, settings, listener, reload=lambda: _effective(ctx, file, arguments))


def _effective(ctx: click.Context, file: Path | None, arguments: dict[str, Any]) -> Settings:
    """The settings with `arguments` (by dotted name) on top. The command's own --config wins over the group's."""
    invocation = ctx.find_object(Invocation)
    settings = load(arguments, path=file or (invocation.path if invocation else None)).settings
    return invocation.model.within(settings) if invocation and invocation.model else settings


def _warnings(settings: Settings) -> Iterator[str]:
    try:
        with opened_keys(settings.storage) as keys:
            key_exists, lost = keys.exist(), keys.lost()
    except ConfigError as error:
        if settings.storage.url is None:
            raise
        # It may come later than this server, after a power cut for example.
        yield f"{error.message}. {error.suggestion}. The server goes on trying."
        return
    required = settings.api.require_key
    if lost and required is not False:
        yield (
            f"every request is refused. There are no keys{LOST}. `sfm2 store restore` a backup, or create a key "
            "with `sfm2 keys create`. To serve without keys, set api.require_key to false."
        )
    elif required and not key_exists:
        yield "requests need a key, and there is none yet. `sfm2 keys create` creates one."
    open_to_all = required is False or (required is None and not key_exists and not lost)
    if open_to_all and not settings.on_loopback:
        place = "your proxy" if is_loopback(settings.api.host) else settings.api.host
        yield (
            f"anyone who can reach {place} can use this server. "
            "`sfm2 keys create` creates a key; from then on requests need one."
        )


def welcome(url: str) -> str:
    """What is said when the server listens at `url`."""
    place = "" if url == "http://127.0.0.1:8000" else f"SFM2_API_URL={url} "
    return (
        f"SFM-2 serves on {url}\n"
        f"  page           {url}/\n"
        f"  documentation  {url}/docs\n"
        f'  try it         {place}sfm2 generate "def merge_sort(arr):"\n'
        f"  stop           Ctrl-C"
    )
