"""Training examples -> tokens, in the prompt form that the service uses for holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from random import Random

from sfm2.corpus.example import Example
from sfm2.errors import WeightsError
from sfm2.prompts import FAMILIES, Family, PromptForm, TokenHealing, fim_prompt, without_special_tokens

Tokenize = Callable[[str], list[int]]
"""Text -> token ids. Special tokens in the text become their single ids; none is added."""

PATH_SHARE = 0.5
"""The share of examples whose prompt has the file's path: some editors send it, others don't."""


def family_of(tokenize: Tokenize) -> Family:
    """The family whose special tokens are all in this vocabulary. Raises WeightsError when the model has none of them."""
    for family in FAMILIES:
        if len(tokenize("".join(family.special_tokens))) == len(family.special_tokens):
            return family
    raise WeightsError("the model's vocabulary has no special tokens for filling in the middle")


@dataclass(frozen=True)
class TokenSequence:
    """An example as tokens: prompt, middle and end token. Its length is the number of tokens."""

    ids: tuple[int, ...]
    learnt: int
    """How many tokens at the end count in the loss: the middle and the end token."""

    def __len__(self) -> int:
        return len(self.ids)


class Encoding:
    """Turns examples into tokens for one model.

    `family` is the model's special tokens for filling in the middle, None for a model without them, which is trained on the
    prefix alone. `end` is the id of the token that ends a completion.
    """

    def __init__(self, tokenize: Tokenize, family: Family | None, form: PromptForm, end: int) -> None:
        self._tokenize = tokenize
        self._family = family
        self._form = form
        self._end = end

    @classmethod
    def of(cls, tokenize: Tokenize, family: Family, form: PromptForm, end: str = "<|endoftext|>") -> Encoding:
        """The encoding for a model with special tokens; `end` is the text of the token that ends a completion.

        Raises WeightsError when that token or a special token of the family is not in the vocabulary.
        """
        ids = {mark: tokenize(mark) for mark in (*family.special_tokens, end)}
        if odd := [mark for mark, found in ids.items() if len(found) != 1]:
            raise WeightsError(
                f"{', '.join(odd)} are not tokens of this model; it can't be trained to fill in the middle"
            )
        return cls(tokenize, family, form, ids[end][0])

    def sequence(self, example: Example, random: Random) -> TokenSequence:
        """The tokens of an example; `random` decides whether the prompt names the file.

        As in the service (token healing), white space or half a word at the end of the prefix is left out of the prompt and
        written by the model.
        """
        prefix, middle, suffix = (
            without_special_tokens(text, self._family) for text in (example.prefix, example.middle, example.suffix)
        )
        # A model without special tokens gets half words as they are (`backends.gpt2`).
        shown = TokenHealing(prefix, words=self._family is not None).prompt
        path = _path(example) if random.random() < PATH_SHARE else None
        context = [replace(one, text=without_special_tokens(one.text, self._family)) for one in example.context]
        # An empty prompt becomes an end token, as in the service: the first token of a file needs one to be predicted from.
        read = self._tokenize(fim_prompt(self._family, self._form, shown, suffix, path, context)) or [self._end]
        learnt = [*self._tokenize(prefix[len(shown) :] + middle), self._end]
        return TokenSequence((*read, *learnt), len(learnt))

    def parts(self, text: str, length: int) -> Iterator[TokenSequence]:
        """A whole text between two end tokens, in parts of at most `length` tokens.

        All tokens of a part but its first count in the loss; the last token of a part is the first of the next.
        """
        ids = (self._end, *self._tokenize(text), self._end)
        for start in range(0, len(ids) - 1, length - 1):
            part = ids[start : start + length]
            yield TokenSequence(part, len(part) - 1)


def _path(example: Example) -> str:
    """The file's path within its repository."""
    return str(PurePosixPath(*PurePosixPath(example.source).parts[1:]))
