"""Near-duplicates: files that differ from another in a few words only.

Found by MinHash over 5-grams of words (Broder 1997, "On the resemblance and containment of documents"), with datasketch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.errors import MissingExtraError

SIMILAR = 0.8
"""The Jaccard similarity of two files' 5-grams from which they count as duplicates."""
_PERMUTATIONS = 128
_GRAM = 5
_WORD = re.compile(r"\w+|[^\w\s]")


class NearDuplicateIndex:
    """The texts added so far, by their MinHash. Creating one raises MissingExtraError without datasketch."""

    def __init__(self) -> None:
        try:
            from datasketch import MinHash, MinHashLSH
        except ModuleNotFoundError as error:
            raise MissingExtraError("finding near-duplicates", "data") from error
        self._minhash = MinHash
        self._index = MinHashLSH(threshold=SIMILAR, num_perm=_PERMUTATIONS)
        self._count = 0

    def add(self, text: str) -> bool:
        """Add `text` and return True, unless it resembles one that was added before: then return False."""
        sketch = self._minhash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch(list(_grams(text)) or [text.encode("utf-8", "surrogatepass")])
        if self._index.query(sketch):
            return False
        self._index.insert(str(self._count), sketch)
        self._count += 1
        return True


def _grams(text: str) -> Iterator[bytes]:
    words = _WORD.findall(text)
    for start in range(len(words) - _GRAM + 1):
        yield "\x1f".join(words[start : start + _GRAM]).encode("utf-8", "surrogatepass")
