"""Which language the code around a hole is in: as it is named, else as it is guessed.

A name decides: the request's, the file's, or one that the text gives itself (`named_in`). Where languages share it (`.h`),
the text says which of them it is. A file whose name says nothing is of an unknown language, whatever it looks like. Only
code that comes without a name is guessed: what it looks like counts if it parses as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import NamedTuple

from sfm2 import languages
from sfm2.syntax.naming import named_in
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.types import Language

TOLERATED = 0.04
"""The share of rows with errors up to which a text passes for code in a language: it may be unfinished, or new."""

COMPARED = 5
"""The most languages that a text is parsed in, of those that it looks like."""


class Recognised(NamedTuple):
    """The language of a text."""

    language: Language | None
    """None: unknown."""
    is_guess: bool = False
    """Nobody named it, or the name leaves it open: it is what the text looks like."""


UNKNOWN = Recognised(None)


def recognise(
    prefix: str,
    suffix: str = "",
    *,
    language: Language | None = None,
    path: str | None = None,
    time: ParsingTime | None = None,
) -> Recognised:
    """The language of the code around a hole. `language`: as the request names it; `path`: the file's name.

    `time`: what parsing may take; once it is spent, the text fits no language.
    """
    time = time or ParsingTime()
    if language:
        return Recognised(language)
    sharers = languages.all_of_path(path or "")
    if len(sharers) > 1:
        return _one_of(sharers, prefix, suffix, time)
    named = next(iter(sharers), None) or named_in(prefix)
    if named or path:
        return Recognised(named)
    guessed = _guess(prefix, suffix, time)
    return Recognised(guessed, is_guess=True) if guessed else UNKNOWN


def _one_of(sharers: tuple[Language, ...], prefix: str, suffix: str, time: ParsingTime) -> Recognised:
    """The one of several languages that fits the text best, or the first. One without a grammar if it looks most like it."""
    looks = languages.lookalikes(prefix + suffix)
    likeliest = max(sharers, key=lambda language: looks.get(language, 0))
    fitting = _fitting(_misfits(sharers, looks, prefix, suffix, time), looks)
    if looks.get(likeliest) and not _is_judged(likeliest):
        return Recognised(likeliest)
    return Recognised(fitting[0] if fitting else sharers[0], is_guess=len(fitting) != 1)


def _guess(prefix: str, suffix: str, time: ParsingTime) -> Language | None:
    """The language that the text looks like and parses as; None if it is none, or another one might as well be."""
    looks = languages.lookalikes(prefix + suffix)
    misfits = _misfits(list(looks)[:COMPARED], looks, prefix, suffix, time)
    fitting = _fitting(misfits, looks)
    if len(fitting) != 1 or misfits[fitting[0]] > TOLERATED:
        return None
    unjudged = max((count for language, count in looks.items() if not _is_judged(language)), default=0)
    return fitting[0] if looks[fitting[0]] > unjudged else None


def _fitting(misfits: Mapping[Language, float], looks: Mapping[Language, int]) -> list[Language]:
    """Those that parse the text best, of them those that it looks most like; C++ rather than C if it looks like both."""
    least = min(misfits.values(), default=0)
    equals = [language for language, misfit in misfits.items() if misfit == least]
    extended = {base for language in equals if looks.get(language) for base in languages.bases(language)}
    equals = [language for language in equals if language not in extended]
    most = max((looks.get(language, 0) for language in equals), default=0)
    return [language for language in equals if looks.get(language, 0) == most]


def _is_judged(language: Language) -> bool:
    return languages.table()[language].grammar is not None


def _misfits(
    candidates: Iterable[Language], looks: Mapping[Language, int], prefix: str, suffix: str, time: ParsingTime
) -> dict[Language, float]:
    """The share of rows with errors in each language that a grammar is installed for, until one can't be beaten."""
    if find_spec("tree_sitter") is None:
        return {}
    from sfm2.syntax.parsing.evidence import misfit
    from sfm2.syntax.parsing.grammars import grammar_for

    left = sorted(candidates, key=lambda language: -looks.get(language, 0))
    found: dict[Language, float] = {}
    while left:
        language = left.pop(0)
        grammar = grammar_for(language, prefix + suffix, time)
        if grammar is not None:
            found[language] = misfit(grammar, language, prefix, suffix, time)
        if found.get(language) == 0 and not any(_could_beat(rival, language, looks) for rival in left):
            break
    return found


def _could_beat(rival: Language, language: Language, looks: Mapping[Language, int]) -> bool:
    """Whether the rival would be preferred, or as good, if it parses the text without an error, too."""
    return looks.get(rival, 0) >= looks.get(language, 0) or language in languages.bases(rival)
