"""The words of code that are searched for: identifiers, whole and in their parts, in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_IDENTIFIER = re.compile(r"[^\W\d]\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_LONGEST = 80  # characters; what is longer is data
_SHORTEST_PART = 3  # characters
# Words of the languages themselves, which every file has.
_KEYWORDS = """
abstract and as assert async await bool boolean break case catch char class const continue def default del do double
elif else end enum except export extends extern false final finally float fn for from func function if implements
import in include int interface is lambda let long namespace new nil none not null or override package pass private
protected public raise require return self short static string struct super switch template then this throw throws
trait true try type typedef typename typeof undefined union unsigned use using val var virtual void while with yield
"""
_COMMON = frozenset(_KEYWORDS.split())


def words(text: str) -> str:
    """The words of a text in its order, with spaces between: `getItem()` -> `getitem get item`."""
    return " ".join(filter(None, map(_spelt, _IDENTIFIER.findall(text))))


def searched(asked: Iterable[str]) -> list[str]:
    """The words to search for, each once: of each name what `words` makes of it."""
    return list(dict.fromkeys(" ".join(words(one) for one in asked).split()))


@lru_cache(maxsize=1 << 17)
def _spelt(identifier: str) -> str:
    whole = identifier.strip("_").lower()
    if len(whole) < 2 or len(whole) > _LONGEST or whole in _COMMON:
        return ""
    parts = [part.lower() for part in _PART.findall(identifier)]
    if len(parts) < 2:
        return whole
    return " ".join([whole, *(part for part in parts if len(part) >= _SHORTEST_PART and part not in _COMMON)])
