"""Special tokens of weights that only their server knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sfm2.prompts import FAMILIES

_LOOKS_SPECIAL = re.compile(r"[<\[].+[>\]]", re.DOTALL)

ENDS = tuple(
    dict.fromkeys(
        token for family in FAMILIES for token in (*family.special_tokens, family.file, *family.reserved) if token
    )
)
"""Special tokens that end a completion, where the weights have them: a model that writes one has left the hole."""


def ids_of_ends(tokens: Sequence[int], spelled: Sequence[str]) -> tuple[int, ...]:
    """Of the tokens of all `ENDS` in a row, those that are one of them."""
    return tuple(sorted({token for token, text in zip(tokens, spelled, strict=False) if text in ENDS}))


def special_in(text: str, spelled: Sequence[str]) -> frozenset[str]:
    """What of `text` was read as a special token, or looks like one; `spelled`: its tokens, as the vocabulary has them."""
    return frozenset(one for one in spelled if len(one) > 2 and _LOOKS_SPECIAL.fullmatch(one) and one in text)


def broken_up(text: str, special: frozenset[str]) -> Iterator[str]:
    """`text` in parts, none of which holds any of `special`: each is cut behind its first character."""
    if not special:
        yield text
        return
    marks = re.compile("|".join(re.escape(one) for one in sorted(special, key=len, reverse=True)))
    begin = 0
    for match in marks.finditer(text):
        yield text[begin : match.start() + 1]
        begin = match.start() + 1
    yield text[begin:]
