"""Sentences to a person, where code is expected: what chat models write around their code.

Recognised by English function words, because in a shell or in Ruby any words are code.
"""

from __future__ import annotations

import re

from sfm2.languages import facts_of

_LEAST_WORDS = 5
_LEAST_FUNCTION_WORDS = 2
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and are as be by can for from has have here how if in is it its of on or that the then these this to
        use uses using we which will with you your""",
    )
)
_SENTENCE = re.compile(r"(?:[-*] |\d+\. )?\**[A-Z][\w'’`*.,:()/ +-]*$")
_QUOTED = re.compile(r"`[^`]*`")
_WORD = re.compile(r"[A-Za-z][a-z'’]*")
FENCE = re.compile(r"\s*(```+|~~~+)[\w+-]*\s*$")
_NEAR = 20_000  # characters around the hole that are looked at
_TEXT_KINDS = ("prose", "markup")  # languages whose files hold sentences


def is_sentence(line: str) -> bool:
    """Whether a line at the margin reads as English prose and not as code."""
    text = _QUOTED.sub("it", line.rstrip())
    if not _SENTENCE.match(text):
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    return len(words) >= _LEAST_WORDS and sum(word in _FUNCTION_WORDS for word in words) >= _LEAST_FUNCTION_WORDS


def may_become_talk(line: str) -> bool:
    """Whether a line that begins so may turn out to be a sentence or a fence."""
    return line.strip() == "" or bool(re.match(r"\s*[`~]|[A-Z*\d-]", line))


def may_hold_sentences(language: str | None, prefix: str, suffix: str) -> bool:
    """Whether sentences at the margin are at home in the file: by its language, or because it has some."""
    facts = facts_of(language)
    return (facts is not None and facts.kind in _TEXT_KINDS) or any(map(is_sentence, _lines(prefix, suffix)))


def may_hold_fences(language: str | None, prefix: str, suffix: str) -> bool:
    """Whether Markdown's fences are at home in the file."""
    facts = facts_of(language)
    return (facts is not None and facts.kind == "prose") or any(map(FENCE.match, _lines(prefix, suffix)))


def _lines(prefix: str, suffix: str) -> list[str]:
    return [*prefix[-_NEAR:].split("\n"), *suffix[:_NEAR].split("\n")]
