"""Judging what fills a hole in a file of any language, by what stood there and by a parser alone: nothing is run, and the
guard has no say."""

from __future__ import annotations

from typing import NamedTuple

from tree_sitter import Parser

from sfm2.corpus.python_tree import parsed
from sfm2.evals.metrics import has_more_lines, same_first_line, similarity
from sfm2.syntax.parsing.grammars import grammar_for


class Judged(NamedTuple):
    """A completion, judged. An empty one is not exact and like nothing; `parses` and `more` are None for it."""

    parses: bool | None
    """Whether the file parses with it. None also where there is no parser, or the file did not parse as it was."""
    first: bool
    """Whether its first line is what stood there, white space around it aside."""
    likeness: float
    """Its edit similarity to what stood there, in [0, 1]."""
    empty: bool
    more: bool | None
    """Whether it has more lines than what stood there."""


def judged(prefix: str, expected: str, suffix: str, completion: str, language: str) -> Judged:
    """`expected` is what stood in the hole; `language` says which grammar judges."""
    empty = not completion.strip()
    return Judged(
        parses=None if empty else _parses(prefix, expected, suffix, completion, language),
        first=same_first_line(completion, expected),
        likeness=similarity(completion, expected),
        empty=empty,
        more=has_more_lines(completion, expected),
    )


def _parses(prefix: str, expected: str, suffix: str, completion: str, language: str) -> bool | None:
    original, filled = prefix + expected + suffix, prefix + completion + suffix
    if language == "python":
        return None if parsed(original) is None else parsed(filled) is not None
    grammar = grammar_for(language, original)
    if grammar is None or Parser(grammar).parse(original.encode()).root_node.has_error:
        return None
    return not Parser(grammar).parse(filled.encode()).root_node.has_error
