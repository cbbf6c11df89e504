"""`sfm2 store`: back up the store of this machine's server, and put a backup back."""

from __future__ import annotations

from pathlib import Path

import click

from sfm2.cli.invocation import settings
from sfm2.cli.options import examples
from sfm2.errors import ConfigError
from sfm2.server.usage import backup as backups
from sfm2.server.usage.store import Store

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog=examples("sfm2 store backup sfm2-backup.db", "sfm2 store restore sfm2-backup.db"))
def store() -> None:
    """Back up keys and counters, and put them back."""


@store.command(epilog=examples("sfm2 store backup sfm2-backup.db"))
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Copy the store to FILE, also while servers run. Keep it safe: it names your users, though not their keys."""
    made = backups.back_up(_path(), file, overwrite=force)
    running = "a server has it open" if made.in_use else "no server runs"
    click.echo(f"Backed up {_held(made)} ({made.bytes:,} bytes) to {file}; {running}.")


@store.command(epilog=examples("sfm2 store restore sfm2-backup.db"))
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the store. Stop the server first; the store that is replaced is kept."""
    found = backups.restore(file, _path())
    click.echo(f"Restored {_held(found)}." + (f" What was there before is {found.kept}." if found.kept else ""))
    if found.revived:
        click.echo(
            f"Valid again, though revoked or rotated since the backup: {', '.join(found.revived)}. "
            "`sfm2 keys revoke ID` ends one.",
            err=True,
        )


def _path() -> Path:
    if settings().storage.url is not None:
        raise ConfigError(
            "storage.url is set: the store is in a Valkey or Redis server, and no file of this machine",
            suggestion="Back up that server, as its documentation says",
        )
    return Store.in_folder(settings().storage.data_dir).path


def _held(found: backups.Copied) -> str:
    return f"{found.keys:,} {'key' if found.keys == 1 else 'keys'} and the counts of {found.requests:,} requests"
