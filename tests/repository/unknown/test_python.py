"""Modules of the repository, names out of them and their attributes, in Python."""

from __future__ import annotations

import pytest

from tests.repository.unknown.conftest import Judges

SHOP = {
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["requests"]\n',
    ".gitignore": "build/\nmade.py\n",
    "shop/__init__.py": "from shop.model import Cart\n",
    "shop/model.py": "import os\n\nRATE: float = 0.19\n\n\nclass Cart:\n    def add(self): ...\n\n\ndef total(cart): ...\n",
    "shop/lazy.py": "def __getattr__(name): ...\n",
    "shop/all.py": "from .model import *\nfrom .parts.deep import *\n",
    "shop/outside.py": "from requests import *\n",
    "shop/made_while_it_runs.py": "globals().update(Item=1)\n",
    "shop/broken.py": "def (:\n",
    "shop/parts/__init__.py": "",
    "shop/parts/deep.py": "if True:\n    Deep = 1\nelse:\n    for x in y:\n        import json as Other\n",
    "shop/native.cpython-313.so": "",
    "shop/stubs.py": "",
    "shop/stubs.pyi": "class Stub: ...\n",
    "shop/uses.py": "from shop.version import VERSION\nfrom shop.model import patched\n",
}


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("from shop.model import ⟦Basket⟧\n", ["Basket"]),
        ("from shop.model import Cart, ⟦Basket, total⟧\n", ["Basket"]),
        ("from shop.model import (\n    Cart,\n    ⟦Basket,\n⟧)\n", ["Basket"]),
        ("from shop.model import Ba⟦sket⟧\n", ["Basket"]),
        ("⟦from shop.modle import Cart⟧\n", ["shop.modle"]),
        ("from shop.mo⟦dle import Cart⟧\n", ["shop.modle"]),
        ("⟦import shop.modle⟧\n", ["shop.modle"]),
        ("⟦from shop import modle⟧\n", ["modle"]),
        ("⟦from .modle import Cart⟧\n", [".modle"]),
        ("⟦from . import modle⟧\n", ["modle"]),
        ("⟦from ..shop.model import Basket⟧\n", ["Basket"]),
        ("⟦from shop.all import Basket⟧\n", ["Basket"]),
        ("⟦from shop.stubs import Basket⟧\n", ["Basket"]),
        ("⟦from shop.model import add⟧\n", ["add"]),
        ("import shop.model as m\n\nm.⟦nothing⟧()\n", ["m.nothing"]),
        ("from shop import model as m\n\nx = ⟦m.nothing + m.total(1)⟧\n", ["m.nothing"]),
        ("import shop.model\n\nshop.model.⟦nothing⟧\n", ["shop.model.nothing"]),
        ("from . import lazy, parts\n\nx = parts.⟦deep.Deeper⟧\n", ["parts.deep.Deeper"]),
        ("from . import parts\n\nx = ⟦parts.deper.Deep⟧\n", ["parts.deper"]),
    ],
)
def test_what_is_not_there_is_found(judged: Judges, text: str, unknown: list[str]) -> None:
    assert judged(SHOP, "shop/new.py", text) == unknown


@pytest.mark.parametrize(
    "text",
    [
        "from shop.model import ⟦Cart, RATE, total, os⟧\n",
        "from shop.model import Basket, ⟦Cart⟧\n",  # wrong, and not the completion's
        "from shop.modle import ⟦Cart⟧\n",
        "⟦from shop import model, Cart, parts⟧\n",
        "⟦from shop.lazy import anything⟧\n",
        "⟦from shop.all import Cart, Deep, Other⟧\n",
        "⟦from shop.outside import Session⟧\n",
        "⟦from shop.made_while_it_runs import Item⟧\n",
        "⟦from shop.broken import something⟧\n",
        "⟦from shop.native import fast⟧\n",
        "⟦from shop.stubs import Stub⟧\n",
        "⟦from shop.made import anything⟧\n",  # git is told to ignore it: a build makes it
        "⟦from shop._version import version⟧\n",
        "⟦from shop.shop_pb2 import Cart⟧\n",
        "⟦from shop.version import VERSION⟧\n",  # another file has it, too
        "⟦from shop.model import patched⟧\n",
        "⟦from .new import anything⟧\n",
        "try:\n    ⟦from shop.fast import total⟧\nexcept ImportError:\n    from shop.model import total\n",
        "try:\n    import requests\nexcept ImportError:\n    ⟦from shop.slow import get⟧\n",
        "from contextlib import suppress\n\nwith suppress(ImportError):\n    ⟦import shop.fast⟧\n",
        "import shop.model as m\n\nm.extra = 1\nm.⟦extra⟧\n",
        "import shop.model as m\n\nsetattr(m, 'extra', 1)\nm.⟦extra⟧\n",
        "import shop.model as m\n\n\ndef f(m):\n    return m.⟦anything⟧\n",
        "import shop.model as m\nfrom shop import parts as m\n\nm.⟦anything⟧\n",
        "import shop.model as m\n\nm.Cart.⟦anything⟧\n",
        "import shop.model as m\n\nm.⟦__name__⟧\n",
        "from shop import Cart\n\nCart.⟦anything⟧\n",
        "import shop.model as m\n\ntry:\n    m.⟦extra⟧\nexcept AttributeError:\n    pass\n",
        "x = '⟦from shop.modle import Cart⟧'\n",
        "# ⟦from shop.modle import Cart⟧\n",
        "⟦from shop.modle import Cart⟧\ndef (:\n",  # the file does not parse
    ],
)
def test_what_is_or_may_be_there_is_no_matter(judged: Judges, text: str) -> None:
    assert judged(SHOP, "shop/new.py", text) == []


def test_a_text_that_is_not_saved_yet_may_have_it(judged: Judges) -> None:
    text = "⟦from shop.model import Basket⟧\n"
    assert judged(SHOP, "shop/new.py", text, mentioned=("class Basket: ...",)) == []


def test_a_module_beside_a_script_is_its_own(judged: Judges) -> None:
    files = {"scripts/run.py": "", "scripts/helpers.py": "def help_me(): ...\n"}
    assert judged(files, "scripts/run.py", "⟦from helpers import help_me, help_you⟧\n") == ["help_you"]


def test_a_folder_may_be_a_part_of_a_package_that_is_elsewhere(judged: Judges) -> None:
    files = {"google/own/model.py": "", "tests/requests/__init__.py": "", "tests/__init__.py": ""}
    assert judged(files, "main.py", "⟦from google.cloud import storage\nfrom requests import Session⟧\n") == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_column_is_counted_in_characters_and_lines_end_in_any_way(judged: Judges, line_end: str) -> None:
    text = "\ufeff# Köln 😀\nimport shop.model as m\n\nname = 'ÄÖ😀'; x = ⟦m.nothing⟧; y = m.also\n"
    assert judged(SHOP, "shop/new.py", text.replace("\n", line_end)) == ["m.nothing"]


def test_a_link_leads_nowhere(judged: Judges) -> None:
    assert judged(SHOP, "shop/new.py", "⟦from ......etc import passwd⟧\n") == []
