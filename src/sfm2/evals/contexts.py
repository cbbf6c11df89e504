"""What items are shown of their repository, in the tree that it had: as a service would find it, or as a client could."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from sfm2.corpus.history import Checkout
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.prompts import CHARACTERS_PER_TOKEN
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.retrieval import Found, retrieve, similar

Way = Literal["none", "naive", "repository"]
_NAME = re.compile(r"[A-Za-z_]\w{2,}")


class Context(NamedTuple):
    """Which part of a repository items are shown.

    `naive` is what a client could do by itself, to compare with: passages that share words with the lines around the hole,
    by BM25. `repository`: what a service does, which looks again where the first draft is unsure.
    """

    way: Way = "none"
    tokens: int = 1000
    """About as many, at most."""

    @classmethod
    def parse(cls, text: str) -> Context:
        """From `none`, `naive`, `repository` or, with another number of tokens, `repository:2000`. Raises ValueError."""
        name, _, tokens = text.partition(":")
        way: Way | None = next((one for one in get_args(Way) if one == name), None)
        if way is None or (tokens and not tokens.isdigit()):
            raise ValueError(f"{text}: expected none, naive or repository, and a number of tokens after a colon")
        return cls(way, int(tokens) if tokens else cls().tokens)

    def __str__(self) -> str:
        return self.way if self.way == "none" else f"{self.way}:{self.tokens}"


ALONE = Context()
"""Nothing of it."""


class TreeIndexes:
    """The indexes of the trees that items are in. For several threads."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self._folder = folder
        (folder / "tree").mkdir()
        self._checkout = Checkout(repository, folder / "tree", folder / "git-index")
        self.leaks = 0
        """How often something was found of a file that an item must not be shown."""

    @classmethod
    @contextmanager
    def of(cls, repository: Path) -> Iterator[TreeIndexes]:
        """Those of a repository, in a folder that is deleted in the end."""
        with tempfile.TemporaryDirectory(prefix="sfm2-eval-") as folder:
            yield cls(repository, Path(folder))

    def prepared(self, items: Sequence[Item]) -> list[Item]:
        """The items with what their answer needs. Items of one tree should be neighbours.

        Raises `InvalidRequestError` for items that stand alone, and when trees can't be read.
        """
        return [one for tree, group in groupby(items, key=lambda item: item.tree) for one in self._in_tree(tree, group)]

    def found(self, item: Item, context: Context, draft: str = "") -> list[Found]:
        """What an item is shown, the most useful last. `draft`: what was written without."""
        assert item.tree is not None
        query = Query(item.prefix, item.suffix, item.language, item.path, frozenset(item.hidden), draft)
        find = similar if context.way == "naive" else retrieve
        with RepositoryIndex.open(self._checkout.folder, self._file(item.tree)) as index:
            found = find(index, query)
        self.leaks += any(one.passage.path in item.hidden for one in found)
        return pack(found, context.tokens * CHARACTERS_PER_TOKEN)

    def _in_tree(self, tree: str | None, items: Iterator[Item]) -> Iterator[Item]:
        if tree is None:
            raise InvalidRequestError(
                "--context: these items stand alone", suggestion="Suite commits has items with a repository around them"
            )
        self._checkout.move_to(tree)
        latest = self._folder / "latest.sqlite"
        with RepositoryIndex.open(self._checkout.folder, latest) as index:
            index.update()
            yield from [replace(item, needs=_needs(index, item)) for item in items]
        shutil.copyfile(latest, self._file(tree))

    def _file(self, tree: str) -> Path:
        return self._folder / f"{tree}.sqlite"


def _needs(index: RepositoryIndex, item: Item) -> str:
    """Where the names of what stood there are: in the file itself, defined elsewhere in the repository, or new."""
    missing = set(_NAME.findall(item.expected or "")) - set(_NAME.findall(item.prefix + item.suffix))
    if not missing:
        return "the file's names"
    defined = [one for one in index.definitions_of(missing) if one.passage.path not in item.hidden]
    return "a name defined elsewhere" if defined else "a new name"
