"""Contamination: training examples that share text with an evaluation set, whose answers the model would learn.

Two texts overlap when they have 13 consecutive words in common (Brown et al. 2020, "Language models are few-shot learners",
appendix C). A word is an identifier, a number, or a single punctuation character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b

GRAM = 13
_WORD = re.compile(r"\w+|[^\w\s]")
_BYTES = 8  # of a hashed n-gram


class ContaminationFilter:
    """Finds text that occurs in any of `texts`, the evaluation sets. Its length is the number of distinct 13-grams."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._grams = {gram for text in texts for gram in _grams(text)}

    def __len__(self) -> int:
        return len(self._grams)

    def overlaps(self, text: str) -> bool:
        """Whether `text` shares 13 consecutive words with an evaluation set; case does not matter."""
        return any(gram in self._grams for gram in _grams(text))


def _grams(text: str) -> Iterator[bytes]:
    words = _WORD.findall(text.lower())
    for start in range(len(words) - GRAM + 1):
        joined = "\x1f".join(words[start : start + GRAM])
        yield blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
