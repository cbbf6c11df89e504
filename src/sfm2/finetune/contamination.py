"""Examples that share 13 words in a row with an evaluation set: a model that has learnt them would know the answers.

13-grams as in Brown et al. 2020 ("Language models are few-shot learners", appendix C), of words and marks of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b

GRAM = 13
_WORD = re.compile(r"\w+|[^\w\s]")
_BYTES = 8


class Held:
    """What must not be learnt."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._grams = {gram for text in texts for gram in _grams(text)}

    def __len__(self) -> int:
        return len(self._grams)

    def knows(self, text: str) -> bool:
        return any(gram in self._grams for gram in _grams(text))


def _grams(text: str) -> Iterator[bytes]:
    words = _WORD.findall(text.lower())
    for start in range(len(words) - GRAM + 1):
        joined = "\x1f".join(words[start : start + GRAM])
        yield blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
