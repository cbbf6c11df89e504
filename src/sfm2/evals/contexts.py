"""What items are shown of their repository: found as a service would find it, in the tree that the repository had.

`naive` is what a client could do by itself, to compare with: passages that share words with the lines around the hole, by
BM25.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
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
_MOST = 60  # that are kept of what was found for an item: more than the largest budget holds


class Context(NamedTuple):
    """Which part of a repository items are shown."""

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


def with_contexts(items: Sequence[Item], repository: Path, ways: Collection[Way]) -> list[Item]:
    """The items with what is found for them in each of the ways, and with what their answer needs.

    Items of one tree should be neighbours. Raises `InvalidRequestError` when trees can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="sfm2-eval-") as folder:
        tree, file = Path(folder) / "tree", Path(folder) / "index.sqlite"
        tree.mkdir()
        checkout = Checkout(repository, tree, Path(folder) / "git-index")
        return [one for group in _by_tree(items) for one in _in_tree(group, checkout, file, ways)]


def shown(item: Item, context: Context) -> list[Found]:
    """What an item is shown, the most useful last."""
    return pack(item.found.get(context.way, ()), context.tokens * CHARACTERS_PER_TOKEN)


def leaks(items: Sequence[Item]) -> int:
    """The number of items for which a file was found that they must not be shown."""
    return sum(any(one.passage.path in item.hidden for found in item.found.values() for one in found) for item in items)


def _by_tree(items: Sequence[Item]) -> list[list[Item]]:
    return [list(group) for _, group in groupby(items, key=lambda item: item.tree)]


def _in_tree(items: Sequence[Item], checkout: Checkout, file: Path, ways: Collection[Way]) -> list[Item]:
    tree = items[0].tree
    if tree is None:
        raise InvalidRequestError(
            "--context: these items stand alone", suggestion="Suite commits has items with a repository around them"
        )
    checkout.move_to(tree)
    index = RepositoryIndex.open(checkout.folder, file)
    try:
        index.update()
        return [replace(item, found=_found(index, item, ways), needs=_needs(index, item)) for item in items]
    finally:
        index.close()


def _found(index: RepositoryIndex, item: Item, ways: Collection[Way]) -> Mapping[str, tuple[Found, ...]]:
    query = Query(item.prefix, item.suffix, item.language, item.path, frozenset(item.hidden))
    finders = {"repository": retrieve, "naive": similar}
    return {way: tuple(finders[way](index, query)[:_MOST]) for way in ways if way in finders}


def _needs(index: RepositoryIndex, item: Item) -> str:
    """Where the names of what stood there are: in the file itself, defined elsewhere in the repository, or new."""
    missing = set(_NAME.findall(item.expected or "")) - set(_NAME.findall(item.prefix + item.suffix))
    if not missing:
        return "the file's names"
    defined = [one for one in index.definitions_of(missing) if one.passage.path not in item.hidden]
    return "a name defined elsewhere" if defined else "a new name"
