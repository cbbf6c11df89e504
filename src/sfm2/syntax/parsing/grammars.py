"""The tree-sitter grammars, each in a package of its own that is imported when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tree_sitter import Language as Grammar

from sfm2.languages import facts_of


def grammar_for(language: str, text: str) -> Grammar | None:
    """The grammar for a text in this language; None when there is none, or its package is not installed."""
    facts = facts_of(language)
    source = facts.grammar if facts else None
    return _load(source.module, source.function_for(text)) if source else None


@cache
def _load(module: str, function: str) -> Grammar | None:
    try:
        loaded = import_module(module)
    except ModuleNotFoundError:
        return None
    return Grammar(getattr(loaded, function)())
