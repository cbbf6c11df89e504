"""`sfm2 keys`: create, list and revoke API keys of the server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import click

from sfm2.cli.extras import needing
from sfm2.cli.invocation import settings
from sfm2.cli.options import examples
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.server.usage.keys import Key, Keys
from sfm2.server.usage.store import Store


@click.group(epilog=examples("sfm2 keys create --name ada"))
def keys() -> None:
    """Create, list and revoke API keys of this machine's server.

    As soon as a key has been created, the server requires one.
    """


@keys.command(
    epilog=examples("sfm2 keys create --name ada", 'sfm2 keys create --name ci --rate "200/minute" --adapter none')
)
@click.option("--name", default="", help="Who uses the key.")
@click.option("--rate", help='A rate limit for this key, such as "200/minute". Default: limits.rate.')
@click.option(
    "--adapter", help='The adapter that answers this key\'s requests if they name none; "none" for the bare model.'
)
def create(name: str, rate: str | None, adapter: str | None) -> None:
    """Create a key and print it. It is shown only now; the server keeps its hash."""
    if rate is not None:
        _check_rate(rate)
    if adapter not in (None, NONE):
        AdapterStore(settings().storage.data_dir).find(adapter)
    with _opened() as store:
        key, text = store.create(name, rate, adapter)
    click.echo(text)
    click.echo(
        f"Keep it: it is not shown again. Clients read it from SFM2_API_KEY. `sfm2 keys revoke {key.id}` revokes it.",
        err=True,
    )


@keys.command("list", epilog=examples("sfm2 keys list"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List all keys, including revoked ones."""
    with _opened() as store:
        found = store.all()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in found], indent=2))
    elif not found:
        click.echo("There are no keys. `sfm2 keys create` creates one.")
    else:
        click.echo(f"{'ID':14}{'CREATED':18}{'STATE':9}{'RATE':15}{'ADAPTER':15}NAME")
        for key in found:
            click.echo(_line(key))


@keys.command(epilog=examples("sfm2 keys revoke 4c1f9a0b"))
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke a key. Running servers refuse it at once."""
    with _opened() as store:
        store.revoke(key_id)
    click.echo(f"Revoked {key_id}.")


@contextmanager
def _opened() -> Iterator[Keys]:
    store = Store.in_folder(settings().storage.data_dir)
    try:
        yield Keys(store)
    finally:
        store.close()


def _check_rate(rate: str) -> None:
    with needing("server", "rate limiting"):
        from sfm2.server.usage.rates import parse_rate
    parse_rate(rate)


def _line(key: Key) -> str:
    created = datetime.fromtimestamp(key.created_at, UTC).strftime("%Y-%m-%d %H:%M")
    state = "active" if key.revoked_at is None else "revoked"
    return f"{key.id:14}{created:18}{state:9}{key.rate or '-':15}{key.adapter or '-':15}{key.name}".rstrip()
