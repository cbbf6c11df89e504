"""Token healing: the model writes the word before the cursor again, so that tokens fall where it knows them.

Tokenizers join spaces with what follows and split words where they like. A prompt that ends in white space or half a word
leaves the model with tokens it has never seen in that place.
"""

from __future__ import annotations

import re

_HALF_WORD = re.compile(r"[ \t]*[^\W\d]\w*\Z")
_LONGEST_WORD = 60  # characters


class TokenHealing:
    """Takes white space or half a word off the end of a prompt, and off the beginning of what the model writes."""

    def __init__(self, prefix: str, words: bool = True) -> None:
        """With `words` false only white space is healed."""
        match = _HALF_WORD.search(prefix, max(0, len(prefix) - _LONGEST_WORD)) if words else None
        # A prefix of nothing but white space stays: a prompt must say something.
        self.prompt = prefix[: match.start()] if match and match.start() else prefix.rstrip(" \t") or prefix
        """The prefix without what the model is to write again."""
        self._expected = prefix[len(self.prompt) :]
        self._word = self._expected.strip()
        self._held = ""
        self.diverged = False
        """Whether the model wrote another word: then the prompt must hold the whole prefix."""
        self.healed = 0
        """Characters taken off the model's text so far."""

    @property
    def pending(self) -> bool:
        """Whether the word before the cursor is not complete yet."""
        return bool(self._word and self._expected)

    def feed(self, text: str) -> str:
        """More of what the model wrote, without what is before the cursor already."""
        if not self._expected:
            return text
        self._held += text
        if len(self._held) < len(self._expected) and self._expected.startswith(self._held):
            return ""
        held, expected, self._held, self._expected = self._held, self._expected, "", ""
        if self._word:
            self.diverged = not held.startswith(expected)
            self.healed = len(expected)
            return "" if self.diverged else held[len(expected) :]
        self.healed = _common_prefix(held, expected)
        return held[self.healed :]


def _common_prefix(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
