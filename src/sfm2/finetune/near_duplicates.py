"""Files that are copies of others, but for a few words: by MinHash over word 5-grams (Broder 1997), with datasketch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.errors import MissingExtraError

SIMILAR = 0.8  # Jaccard similarity of two files' 5-grams from which on they are one
_PERMUTATIONS = 128
_GRAM = 5
_WORD = re.compile(r"\w+|[^\w\s]")


class Seen:
    """Remembers texts. Raises MissingExtraError when datasketch is not there."""

    def __init__(self) -> None:
        try:
            from datasketch import MinHash, MinHashLSH
        except ModuleNotFoundError as error:
            raise MissingExtraError("finding near-duplicates", "data") from error
        self._minhash = MinHash
        self._index = MinHashLSH(threshold=SIMILAR, num_perm=_PERMUTATIONS)
        self._count = 0

    def add(self, text: str) -> bool:
        """False for a text that is like one from before; it is not remembered then."""
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
