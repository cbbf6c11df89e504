"""A small repository, as people have them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sfm2.repository.index import RepositoryIndex

SHOP = '''"""What a shop sells."""

from dataclasses import dataclass


@dataclass
class Item:
    """A thing with a price."""

    name: str
    cents: int

    def gross(self, tax_rate: float) -> int:
        return round(self.cents * (1 + tax_rate))


class Cart:
    """Items that somebody wants."""

    def append_line(self, item: Item) -> None:
        self.lines.append(item)
'''
CHECKOUT = """from shop.model import Cart, Item as Thing


def total_price(cart: Cart) -> int:
    import math

    # the sum in cents, rounded up
    return math.ceil(sum(item.gross(0.19) for item in cart.lines))
"""


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def fill(root: Path) -> Path:
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "model.py").write_text(SHOP)
    (root / "checkout.py").write_text(CHECKOUT)
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same without git."""
    return fill(tmp_path / "folder")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = fill(tmp_path / "repository")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "First")
    return root


Opens = Callable[[Path], RepositoryIndex]


@pytest.fixture
def indexed(tmp_path: Path) -> Iterator[Opens]:
    """Opens and fills an index of a folder."""
    opened = []

    def opening(root: Path) -> RepositoryIndex:
        index = RepositoryIndex.open(root, tmp_path / "state" / "index.db")
        opened.append(index)
        index.update()
        return index

    yield opening
    for index in opened:
        index.close()
