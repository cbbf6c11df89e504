"""`sfm2 serve`: the HTTP service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from sfm2.cli.extras import needing
from sfm2.cli.first_use import offer_weights
from sfm2.config import Loaded, Settings, is_loopback, load

_LEVELS = click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False)


@click.command()
@click.option("--host", help="Address to serve on; 0.0.0.0 for all of this machine's.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--workers", type=click.IntRange(1, 64), help="Server processes; all share one engine.")
@click.option("--config", "file", type=click.Path(dir_okay=False, path_type=Path), help="Configuration file (JSON).")
@click.option("--log-level", type=_LEVELS, help="How much the log says.")
@click.pass_context
def serve(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    workers: int | None,
    file: Path | None,
    log_level: str | None,
) -> None:
    """Serve SFM-2 over HTTP until Ctrl-C or SIGTERM."""
    arguments = {"api.host": host, "api.port": port, "api.workers": workers, "log.level": log_level}
    settings = effective(ctx, file, arguments)
    process = _process()
    _warn(settings, _key_exists(settings))
    offer_weights(settings)
    with process.listening.listen(settings.api.host, settings.api.port) as listener:
        config = process.serve.build(settings)
        _welcome(process.listening.url_of(listener))
        process.serve.run(config, settings, listener)


def effective(ctx: click.Context, file: Path | None, arguments: Mapping[str, Any]) -> Settings:
    """The settings that the command line has loaded, if it has, with the arguments given here on top."""
    loaded = ctx.find_object(Loaded)
    if loaded is None or file is not None:
        return load(arguments, path=file).settings
    values = loaded.settings.model_dump()
    for name, value in arguments.items():
        if value is not None:
            section, key = name.split(".")
            values[section][key] = value
    return Settings.model_validate(values)


def _process() -> ModuleType:
    with needing("server", "the server"):
        import sfm2.server.process.listening
        import sfm2.server.serve
    return sfm2.server.process


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
        click.echo("Warning: requests need a key, and there is none yet. `sfm2 keys create` makes one.", err=True)
    open_to_all = required is False or (required is None and not key_exists)
    if open_to_all and not is_loopback(settings.api.host):
        click.echo(
            f"Warning: everybody who can reach {settings.api.host} can use this server. "
            "`sfm2 keys create` makes a key; from then on requests need one.",
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
