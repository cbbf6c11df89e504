"""Whether sentences about code agree with what was read off it.

Only what the code can refute counts: names and errors that it does not have, operations that it does not do, values that
it does or does not return (`claims.toml`). That a sentence agrees does not make it right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from sfm2.types import CodeFacts, CodeKind, CodeTrait
from sfm2.wording import fact_lines

MOST_LINES = 60

_SENTENCE_END = re.compile(r"(?:(?<!\b\d)[.!?][\"')`*]*[ \t]+|\n)(?=[^a-z\s])")
_QUOTED = re.compile(r"`([^`\n]+)`")
_NAME = re.compile(r"[A-Za-z_]\w*")
_PART_OF_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b")
_CALLS_ITSELF = "\0calls itself"  # not to be found in code
_NOT = re.compile(r"\b(not|no|otherwise|else|without|despite|although)\b|n't\b", re.IGNORECASE)
_RETURNS_NOTHING = re.compile(
    r"\breturns? (nothing|no value)|\b(does not|doesn't) return (anything|a value)", re.IGNORECASE
)
_RETURNS = re.compile(r"\breturn(s|ed|ing)?\b", re.IGNORECASE)
_IT_RETURNS = re.compile(r"^\s*(the|this) (function|method) (then |finally |also )?returns\b", re.IGNORECASE)
_NOTHING = re.compile(r"\b(None|null|nil|undefined|NULL)\b")


def whole_sentences(text: str) -> list[str]:
    """The sentences and lines of a text, each with the white space after it; the last one may not be whole yet."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]


def reading_of(facts: Sequence[CodeFacts]) -> str:
    """Facts in words, or empty; of long code as much as fits a prompt."""
    return "\n".join(fact_lines(facts)[:MOST_LINES])


class Grounds:
    """Code and its facts, which words are checked against."""

    def __init__(self, code: str, facts: Sequence[CodeFacts]) -> None:
        self._code = code
        self._facts = facts

    @property
    def facts(self) -> Sequence[CodeFacts]:
        """What was read off the code."""
        return self._facts

    @cached_property
    def reading(self) -> str:
        """The facts in words, or empty."""
        return reading_of(self._facts)

    def disagreements(self, sentence: str) -> list[str]:
        """What a sentence says that the code refutes, in words; empty where no facts are known."""
        if not self._facts:
            return []
        return [
            *self._unknown_names(sentence),
            *self._unfounded(sentence),
            *self._opposite(sentence),
            *self._returned(sentence),
        ]

    @cached_property
    def _names(self) -> frozenset[str]:
        names = _NAME.findall(self._code)
        parts = {part.lower() for name in names for part in _PART_OF_NAME.findall(name)}
        return frozenset(name.lower() for name in names) | parts | _claims().common_names

    @cached_property
    def _told(self) -> str:
        lines = [line for facts in self._facts for line in facts.steps]
        calls_itself = any(CodeTrait.RECURSIVE in facts.traits for facts in self._facts)
        return "\n".join([*lines, _CALLS_ITSELF if calls_itself else ""])

    @cached_property
    def _evidence(self) -> str:
        code = self._code
        for name in {facts.name.rsplit(".", 1)[-1] for facts in self._facts} - {""}:
            code = re.sub(rf"\b{re.escape(name)}\b", "", code)
        return f"{code}\n{self._told}"

    def _unknown_names(self, sentence: str) -> list[str]:
        quoted = _QUOTED.findall(sentence)
        names = [*(name for span in quoted for name in _NAME.findall(span)), *_ERROR.findall(sentence)]
        unknown = [name for name in names if name.lower() not in self._names]
        unknown += [span for span in quoted if not re.search(r"[\w\s]", span) and span not in self._code]
        return [f"the code has no {name}" for name in dict.fromkeys(unknown)]

    def _unfounded(self, sentence: str) -> list[str]:
        return [
            f"the code does not show “{found[0]}”"
            for said, shown in _claims().founded
            if (found := said.search(sentence)) and not shown.search(self._evidence)
        ]

    def _opposite(self, sentence: str) -> list[str]:
        if _NOT.search(sentence):
            return []
        return [
            f"the code is not about “{found[0]}”"
            for this, other in _claims().opposites
            if this.search(self._told) and not other.search(self._told)
            if (found := other.search(sentence)) and not this.search(sentence)
        ]

    def _returned(self, sentence: str) -> list[str]:
        functions = [facts for facts in self._facts if facts.kind is not CodeKind.CLASS]
        if any(facts.kind is CodeKind.SCRIPT for facts in functions):
            return []
        values = [value for facts in functions for value in (*facts.returns, *facts.yields)]
        says_nothing = bool(_RETURNS_NOTHING.search(sentence))
        if says_nothing and all(facts.returns for facts in functions) and not any(map(_NOTHING.search, values)):
            return ["it returns a value"]
        about = _RETURNS if not re.search(r"\breturn\b", self._code) else _IT_RETURNS  # a function inside may return
        if functions and not values and not says_nothing and about.search(sentence):
            return ["it returns nothing"]
        return []


class _Claims(NamedTuple):
    common_names: frozenset[str]
    opposites: list[tuple[re.Pattern[str], re.Pattern[str]]]
    """Each pair in both orders."""
    founded: list[tuple[re.Pattern[str], re.Pattern[str]]]
    """What is said, and what then is in the code."""


@cache
def _claims() -> _Claims:
    table = tomllib.loads((files("sfm2.explaining") / "claims.toml").read_text(encoding="utf-8"))
    opposites = [(_pattern(a), _pattern(b)) for a, b in table["opposites"]]
    founded = [(_pattern(row["said"]), _pattern(row["shown"])) for row in table["claims"]]
    return _Claims(frozenset(table["common_names"]), [*opposites, *((b, a) for a, b in opposites)], founded)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
