"""`sfm2 index`: let SFM-2 know repositories, and say who is shown their code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from sfm2.cli import terminal
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option
from sfm2.cli.readers import KeyNames, ids_of
from sfm2.config import StorageSettings
from sfm2.corpus.git_url import GitURL, is_git_url
from sfm2.errors import InvalidRequestError, RepositoryError
from sfm2.repository.clones import RepositoryClones
from sfm2.repository.collection import IndexCollection, IndexPlace
from sfm2.repository.contents import IndexSize
from sfm2.repository.listing import check
from sfm2.repository.readers import IndexReaders

_PLACE = "FOLDER|GIT-URL"


@click.group(epilog=examples("sfm2 index add .", "sfm2 index status"))
def index() -> None:
    """List, make and delete indexes of repositories."""


@index.command(
    epilog=examples(
        "sfm2 index add .",
        "sfm2 index add ~/projects/shop",
        "sfm2 index add https://git.example.com/shop/shop.git",
        "sfm2 index add git@git.example.com:shop/payments.git --key ada --key bob",
    )
)
@click.argument("place", metavar=_PLACE)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME",
    help="Answer only requests with this API key with code of the repository, by the key's name or id. May be given several "
    "times. Default: as it was; for a new one, all who may ask.",
)
def add(place: str, keys: Sequence[str]) -> None:
    """Index the repository in a folder, or a clone of one elsewhere; or bring the index up to date.

    Of a repository elsewhere, the newest commit is fetched by git, with its credential helpers and keys of ssh. Addresses
    may be https://, ssh://, USER@HOST:PATH or file://.
    """
    places = _Places()
    ids = ids_of(places.storage, keys)
    root = places.fetched(place)
    check(root)
    if ids:
        places.readers.let(root, ids)  # before anything of it can be shown
    with places.indexes.open(root) as opened:
        update = opened.update()
        size = opened.size()
    held = f"{size.files:,} files, {size.lines:,} lines, {_megabytes(size)}"
    done = f"added {update.added:,}, changed {update.changed:,}, removed {update.removed:,} in {update.seconds:.1f} s"
    terminal.note(f"Indexed {places.called(opened.root)}: {held}; {done}.")
    readers = places.readers.of(root)
    if readers is not None:
        terminal.note(f"Only these keys are shown its code: {places.names.told(readers)}.")


@index.command("list", epilog=examples("sfm2 index list"))
@json_option("Print JSON.")
def list_(as_json: bool) -> None:
    """List the repositories that have an index, and the keys that are shown their code, where that is not all."""
    places = _Places()
    found = places.indexes.list()
    if as_json:
        terminal.write_line(json.dumps([places.record(one) for one in found], indent=2))
        return
    for one in found:
        readers = places.readers.of(one.root)
        only = "" if readers is None else f"  (only {places.names.told(readers)})"
        terminal.write_line(terminal.visible(f"{places.called(one.root)}{only}"))
    if not found:
        terminal.note("There is none. `sfm2 index add FOLDER` makes one.")


@index.command(epilog=examples("sfm2 index status", "sfm2 index status --json"))
@click.argument("place", metavar=f"[{_PLACE}]", default=".")
@json_option("Print JSON.")
def status(place: str, as_json: bool) -> None:
    """Show what the index has that a folder is in. Default: that of the working directory."""
    places = _Places()
    found = places.find(place)
    with places.indexes.open(found.root) as opened:
        size = opened.size()
    if as_json:
        terminal.write_line(json.dumps({**places.record(found), **size._asdict()}, indent=2))
        return
    url = places.clones.url_of(found.root)
    rows = [
        *([("From", url.shown)] if url else []),
        ("Folder", str(found.root)),
        ("Files", f"{size.files:,}"),
        ("Lines", f"{size.lines:,}"),
        ("Passages", f"{size.passages:,}"),
        ("Definitions", f"{size.definitions:,}"),
        ("On disk", f"{_megabytes(size)}, {found.file}"),
        ("Shown to", places.names.told(places.readers.of(found.root))),
    ]
    terminal.write_line(terminal.visible(terminal.columns(rows)))


@index.command(
    epilog=examples(
        "sfm2 index readers .", "sfm2 index readers . --key ada --key bob", "sfm2 index readers . --everybody"
    )
)
@click.argument("place", metavar=_PLACE)
@click.option(
    "--key", "keys", multiple=True, metavar="NAME", help="From now on, only this key; may be given several times."
)
@click.option("--everybody", is_flag=True, help="From now on, all who may ask.")
def readers(place: str, keys: Sequence[str], everybody: bool) -> None:
    """Show or set the API keys that are answered with code of a repository. Running servers heed it at once.

    They are remembered when the index is deleted, for when it is made again; --everybody forgets them.
    """
    if keys and everybody:
        raise InvalidRequestError("--key and --everybody exclude each other", suggestion="Give one of them")
    places = _Places()
    root = places.root(place)
    if places.readers.of(root) is None:
        root = places.find(place).root
    if keys or everybody:
        places.readers.let(root, None if everybody else ids_of(places.storage, keys))
    terminal.write_line(terminal.visible(f"{places.called(root)}: {places.names.told(places.readers.of(root))}"))


@index.command("rm", epilog=examples("sfm2 index rm .", "sfm2 index rm https://git.example.com/shop/shop.git"))
@click.argument("place", metavar=_PLACE)
def remove(place: str) -> None:
    """Delete an index. The files of a folder stay; a clone that was made for the index goes, too."""
    places = _Places()
    root = places.root(place)
    called, url = places.called(root), places.clones.url_of(root)
    if places.indexes.has(root):
        places.indexes.remove(root)
    elif url is None:
        raise RepositoryError(
            f"There is no index of {places.meant(place)}", suggestion="`sfm2 index list` shows those there are"
        )
    if url is not None:
        places.clones.remove(url)
    terminal.note(f"Removed the index of {called}.")
    if places.readers.of(root) is not None:
        terminal.note("Which keys may read it is remembered; `sfm2 index readers PLACE --everybody` forgets it.")


class _Places:
    """What is known of repositories on this machine."""

    def __init__(self) -> None:
        self.storage: StorageSettings = current().settings.storage
        cache_dir = self.storage.cache_dir
        self.indexes = IndexCollection(cache_dir)
        self.clones = RepositoryClones(cache_dir)
        self.readers = IndexReaders(cache_dir, self.storage.data_dir)
        self.names = KeyNames(self.storage)

    def root(self, place: str) -> Path:
        """The folder that somebody means by a path or an address. Raises `RepositoryError`."""
        return self.clones.root(GitURL.parse(place)) if _is_url(place) else Path(place).resolve()

    def fetched(self, place: str) -> Path:
        """The same, with the newest commit of a repository elsewhere."""
        if not _is_url(place):
            return self.root(place)
        url = GitURL.parse(place)
        terminal.note(f"Fetching {url.shown}.")
        return self.clones.fetch(url)

    def find(self, place: str) -> IndexPlace:
        """The index that a place is in. Raises `RepositoryError` if there is none."""
        found = self.indexes.find(self.root(place))
        if found is None:
            what = f"{self.meant(place)} {'has no index' if _is_url(place) else 'is in no folder that has an index'}"
            raise RepositoryError(what, suggestion="`sfm2 index add` makes one")
        return found

    def meant(self, place: str) -> str:
        """A place as it is told, without secrets. Raises `RepositoryError`."""
        return GitURL.parse(place).shown if _is_url(place) else str(self.root(place))

    def called(self, root: Path) -> str:
        """How a repository is shown: by its address, where it is a clone."""
        url = self.clones.url_of(root)
        return str(root) if url is None else url.shown

    def record(self, one: IndexPlace) -> dict[str, object]:
        """The same as JSON. No `readers`: everybody."""
        url, readers = self.clones.url_of(one.root), self.readers.of(one.root)
        return {
            "folder": str(one.root),
            "exists": one.root.is_dir(),
            "path": str(one.file),
            "url": url and url.shown,
            "readers": None if readers is None else self.names.records(readers),
        }


def _is_url(place: str) -> bool:
    return place.startswith("-") or is_git_url(place)


def _megabytes(size: IndexSize) -> str:
    return f"{size.bytes / 1e6:.1f} MB"
