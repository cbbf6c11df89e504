"""`sfm2 keys`: API keys of the server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import click

from sfm2.cli.extras import needing
from sfm2.config import Loaded, Settings, load
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.server.usage.keys import Key, Keys
from sfm2.server.usage.store import Store


@click.group()
def keys() -> None:
    """API keys: once one was created, the server asks for one."""


@keys.command()
@click.option("--name", default="", help="Whom it is for.")
@click.option("--rate", help='A rate of its own, such as "200/minute".')
@click.option("--adapter", help='The adapter that answers where a request names none; "none" for the bare model.')
@click.pass_context
def create(ctx: click.Context, name: str, rate: str | None, adapter: str | None) -> None:
    """Make a key and print it. It is shown this once; only its hash is kept."""
    if rate is not None:
        _check_rate(rate)
    if adapter not in (None, NONE):
        AdapterStore(_settings(ctx).storage.data_dir).find(adapter)
    with _opened(ctx) as store:
        key, text = store.create(name, rate, adapter)
    click.echo(text)
    click.echo(
        f"Keep it: it is not shown again. Clients take it as SFM2_API_KEY. `sfm2 keys revoke {key.id}` ends it.",
        err=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show all keys, revoked ones too."""
    with _opened(ctx) as store:
        found = store.all()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in found], indent=2))
    elif not found:
        click.echo("There are no keys. `sfm2 keys create` makes one.")
    else:
        click.echo(f"{'ID':14}{'CREATED':18}{'STATE':9}{'RATE':15}{'ADAPTER':15}NAME")
        for key in found:
            click.echo(_line(key))


@keys.command()
@click.argument("key_id", metavar="ID")
@click.pass_context
def revoke(ctx: click.Context, key_id: str) -> None:
    """End a key at once, also for servers that run."""
    with _opened(ctx) as store:
        store.revoke(key_id)
    click.echo(f"Revoked {key_id}.")


@contextmanager
def _opened(ctx: click.Context) -> Iterator[Keys]:
    store = Store.in_folder(_settings(ctx).storage.data_dir)
    try:
        yield Keys(store)
    finally:
        store.close()


def _settings(ctx: click.Context) -> Settings:
    return (ctx.find_object(Loaded) or load()).settings


def _check_rate(rate: str) -> None:
    with needing("server", "rate limiting"):
        from sfm2.server.usage.rates import parse_rate
    parse_rate(rate)


def _line(key: Key) -> str:
    created = datetime.fromtimestamp(key.created_at, UTC).strftime("%Y-%m-%d %H:%M")
    state = "active" if key.revoked_at is None else "revoked"
    return f"{key.id:14}{created:18}{state:9}{key.rate or '-':15}{key.adapter or '-':15}{key.name}".rstrip()
