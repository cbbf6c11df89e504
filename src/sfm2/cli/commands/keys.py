"""`sfm2 keys`: create, list, rotate and revoke API keys of the server on this machine, and show who did."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from sfm2.cli.durations import as_seconds
from sfm2.cli.invocation import settings
from sfm2.cli.options import examples
from sfm2.cli.store import opened_keys
from sfm2.models.adapters import NONE, AdapterStore
from sfm2.requests import build
from sfm2.server.usage.key_records import Key
from sfm2.server.usage.keys import LOST
from sfm2.types import DEFAULT_SCOPES, AuditEntry, CreateKeyRequest, KeyScope, RotateKeyRequest

_KEEP = "Keep it: it is not shown again. Clients read it from SFM2_API_KEY."


@click.group(epilog=examples("sfm2 keys create --name ada"))
def keys() -> None:
    """Create, list, rotate and revoke API keys of this machine's server.

    As soon as a key has been created, the server requires one.
    """


@keys.command(
    epilog=examples(
        "sfm2 keys create --name ada",
        'sfm2 keys create --name ci --rate "200/minute" --adapter none --expires 90d',
        "sfm2 keys create --name prometheus --scope stats",
        "sfm2 keys create --name ops --scope admin",
    )
)
@click.option("--name", default="", help="Who uses the key.")
@click.option("--rate", help='A rate limit for this key, such as "200/minute". Default: limits.rate.')
@click.option(
    "--adapter", help='The adapter that answers this key\'s requests if they name none; "none" for the bare model.'
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in KeyScope]),
    show_default=" and ".join(DEFAULT_SCOPES),
    help="What the key is good for: generate, for code and feedback; stats, for /stats and /metrics; admin, for all of it "
    "and for keys. May be given several times.",
)
@click.option(
    "--expires", callback=as_seconds, metavar="TIME", help="How long the key works, such as 90d. Default: for ever."
)
def create(name: str, rate: str | None, adapter: str | None, scopes: Sequence[str], expires: int | None) -> None:
    """Create a key and print it. It is shown only now; the server keeps its hash."""
    given = {"name": name, "rate": rate, "adapter": adapter, "scopes": scopes or DEFAULT_SCOPES, "expires_in": expires}
    asked = build(CreateKeyRequest, given)
    if adapter not in (None, NONE):
        AdapterStore(settings().storage.data_dir).find(adapter)
    with opened_keys(settings().storage) as store:
        key, text = store.create(name, rate, adapter, scopes=asked.scopes, lifetime=asked.expires_in)
    click.echo(text)
    click.echo(f"{_KEEP}{_end(key)} `sfm2 keys revoke {key.id}` revokes it.", err=True)


@keys.command("list", epilog=examples("sfm2 keys list"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List all keys, including revoked and expired ones. Times are in UTC."""
    with opened_keys(settings().storage) as store:
        found, lost = store.all(), store.lost()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in found], indent=2))
    elif not found:
        click.echo(f"There are no keys{LOST if lost else ''}. `sfm2 keys create` creates one.")
    else:
        head = ("ID", "CREATED", "STATE", "RATE", "ADAPTER", "SCOPES", "EXPIRES", "USED", "NAME")
        _table([head, *map(_row, found)])


@keys.command(epilog=examples("sfm2 keys rotate 4c1f9a0b", "sfm2 keys rotate 4c1f9a0b --grace 1h --expires 90d"))
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace",
    callback=as_seconds,
    metavar="TIME",
    default="0s",
    show_default=True,
    help="How long the present secret works too, such as 1h.",
)
@click.option(
    "--expires",
    callback=as_seconds,
    metavar="TIME",
    help="How long the key works from now on, such as 90d. Default: as long as it would have.",
)
def rotate(key_id: str, grace: int, expires: int | None) -> None:
    """Give a key another secret and print the new key. Its id, name, rate, adapter and scopes stay.

    With --grace the key as it was works for a while more, until its users have the new one.
    """
    asked = build(RotateKeyRequest, {"grace": grace, "expires_in": expires})
    with opened_keys(settings().storage) as store:
        key, text = store.rotate(key_id, grace=asked.grace, lifetime=asked.expires_in)
    old = f"works until {_when(key.previous_until)} UTC" if grace else "is refused from now on"
    click.echo(text)
    click.echo(f"{_KEEP}{_end(key)} The key as it was {old}.", err=True)


@keys.command(epilog=examples("sfm2 keys revoke 4c1f9a0b"))
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke a key. Running servers refuse it at once."""
    with opened_keys(settings().storage) as store:
        store.revoke(key_id)
    click.echo(f"Revoked {key_id}.")


@keys.command(epilog=examples("sfm2 keys log", "sfm2 keys log --limit 1000 --json"))
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many entries at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def log(limit: int, as_json: bool) -> None:
    """Show what was done to keys, the newest first: by a user here, or over HTTP by a key. Times are in UTC."""
    with opened_keys(settings().storage) as store:
        found = store.log(limit)
    if as_json:
        click.echo(json.dumps([entry.model_dump() for entry in found], indent=2))
    elif not found:
        click.echo("Nothing was done to keys since there is a log.")
    else:
        _table([("TIME", "DONE", "KEY", "BY", "FROM", "WITH"), *map(_entry, found)])


def _row(key: Key) -> Sequence[str]:
    return (
        *(key.id, _when(key.created_at), _state(key), key.rate or "-", key.adapter or "-", ",".join(key.scopes)),
        *(_when(key.expires_at), _when(key.last_used_at), key.name),
    )


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expired(time.time()) else "active"


def _entry(entry: AuditEntry) -> Sequence[str]:
    by = f"key {entry.by_key}" if entry.by_key else f"user {entry.by_user}"
    details = " ".join(f"{name}={_detail(name, value)}" for name, value in entry.details.items() if value)
    return (_when(entry.at), entry.action, entry.key_id, by, entry.address or "-", details)


def _detail(name: str, value: object) -> str:
    if name.endswith("_at") and isinstance(value, float):
        return _when(value).replace(" ", "T")
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _end(key: Key) -> str:
    return f" It expires at {_when(key.expires_at)} UTC." if key.expires_at else ""


def _when(at: float | None) -> str:
    return "-" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _table(rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as what is in them."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
