"""The tree-sitter grammars, each in a package that is imported when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from warnings import catch_warnings, simplefilter

from tree_sitter import Language as Grammar

from sfm2.languages import GrammarSource, facts_of
from sfm2.syntax.parsing.incremental_tree import IncrementalTree
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.parsing.yaml_depth import DEEPEST, levels

_COMPARED = 20_000  # characters of a text that decide between grammars


def grammar_for(language: str, text: str, time: ParsingTime | None = None) -> Grammar | None:
    """The grammar for a text in this language; None when there is none, or its package is not installed.

    Where a language has several, the beginning of the text is parsed, which takes of `time`; the first, if it is spent.
    """
    facts = facts_of(language)
    if facts is None or facts.grammar is None:
        return None
    first, *others = facts.grammar.sources_for(text)
    grammar, start = load(first), text[:_COMPARED]
    if grammar is None or not others or (language == "yaml" and levels(start) > DEEPEST):
        return grammar
    return _fitting(grammar, others, start, time or ParsingTime())


@cache
def load(source: GrammarSource) -> Grammar | None:
    """The grammar; None when its package is not installed, or can't unpack it on this machine."""
    try:
        make = getattr(import_module(source.module), source.function)
        made = make(source.name) if source.name else make()
    except (ModuleNotFoundError, OSError, RuntimeError):
        return None
    if isinstance(made, Grammar):
        return made
    with catch_warnings():
        simplefilter(
            "ignore", DeprecationWarning
        )  # some packages give a number, as all did once, in place of a capsule
        return Grammar(made)


def _fitting(grammar: Grammar, others: list[GrammarSource], text: str, time: ParsingTime) -> Grammar | None:
    """The grammar that finds the fewest errors, the first of several. A source without a module finds none, and is None."""
    best: Grammar | None = grammar
    fewest = _errors(grammar, text, time)
    for source in others:
        other = load(source) if source.module else None
        if source.module and other is None:
            continue
        errors = _errors(other, text, time) if other else 0
        if errors < fewest:
            best, fewest = other, errors
    return best


def _errors(grammar: Grammar, text: str, time: ParsingTime) -> float:
    try:
        return IncrementalTree(grammar, text, "", time).problems("")
    except TimeoutError:
        return float("inf")
