"""Examples -> tokens, put to the model just as its service will put holes to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from random import Random

from sfm2.corpus.example import Example
from sfm2.errors import WeightsError
from sfm2.prompts import FAMILIES, Family, PromptForm, TokenHealing, fim_prompt, without_special_tokens

Tokenize = Callable[[str], list[int]]
"""Text -> ids; special tokens in it count as such, and none is added."""

PATH_SHARE = 0.5  # of the examples name their file, as some editors do and others don't


def family_of(tokenize: Tokenize) -> Family:
    """The one whose marks are tokens of this vocabulary. Raises WeightsError for a model that fills in no middles."""
    for family in FAMILIES:
        if len(tokenize("".join(family.special_tokens))) == len(family.special_tokens):
            return family
    raise WeightsError("the model's vocabulary has no marks to fill in the middle with")


@dataclass(frozen=True)
class Sequence:
    """`ids` of prompt, middle and end; of these the last `learnt` are predicted, the others only read."""

    ids: tuple[int, ...]
    learnt: int

    def __len__(self) -> int:
        return len(self.ids)


class Encoding:
    """`end` is the id of the token that says that the middle is over; `family` None: a model that fills in no middles."""

    def __init__(self, tokenize: Tokenize, family: Family | None, form: PromptForm, end: int) -> None:
        self._tokenize = tokenize
        self._family = family
        self._form = form
        self._end = end

    @classmethod
    def of(cls, tokenize: Tokenize, family: Family, form: PromptForm, end: str = "<|endoftext|>") -> Encoding:
        """Raises WeightsError where the end, or a mark of the family, is no token of the vocabulary."""
        ids = {mark: tokenize(mark) for mark in (*family.special_tokens, end)}
        if odd := [mark for mark, found in ids.items() if len(found) != 1]:
            raise WeightsError(
                f"{', '.join(odd)} are no tokens of this model; it can't be taught to fill in the middle"
            )
        return cls(tokenize, family, form, ids[end][0])

    def sequence(self, example: Example, random: Random) -> Sequence:
        """The end of the prefix is written again by the model when it serves: white space, or half a word. So it is here."""
        prefix, middle, suffix = (
            without_special_tokens(text, self._family) for text in (example.prefix, example.middle, example.suffix)
        )
        # A model without marks is asked with half words as they are (`backends.gpt2_lora`).
        shown = TokenHealing(prefix, words=self._family is not None).prompt
        path = _path(example) if random.random() < PATH_SHARE else None
        # Before the first token of a file stands an end, as the service puts it: something must predict that token.
        read = self._tokenize(fim_prompt(self._family, self._form, shown, suffix, path)) or [self._end]
        learnt = [*self._tokenize(prefix[len(shown) :] + middle), self._end]
        return Sequence((*read, *learnt), len(learnt))

    def parts(self, text: str, length: int) -> Iterator[Sequence]:
        """A whole text between two ends, in parts of at most `length` tokens; all but the first one of a part are learnt."""
        ids = (self._end, *self._tokenize(text), self._end)
        for start in range(0, len(ids) - 1, length - 1):
            part = ids[start : start + length]
            yield Sequence(part, len(part) - 1)


def _path(example: Example) -> str:
    """Within its repository."""
    return str(PurePosixPath(*PurePosixPath(example.source).parts[1:]))
