"""Code -> its facts."""

from __future__ import annotations

from importlib.util import find_spec

from sfm2.explaining import from_python
from sfm2.explaining.facts import facts
from sfm2.explaining.node_types import node_types
from sfm2.explaining.outline import Node
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.types import CodeFacts

MOST_CHARACTERS = 20_000
"""Of code that is read: a quarter of a second's work, and more than a small model can take in."""


def read(code: str, language: str | None, time: ParsingTime | None = None) -> list[CodeFacts]:
    """The facts of each definition; empty where nothing is known of the language, for very long code, and for code that
    takes more than the `time` for parsing.
    """
    types = node_types(language or "")
    if types is None or len(code) > MOST_CHARACTERS:
        return []
    try:
        root = outline(code, language or "", time)
        return facts(root, types) if root else []
    except (RecursionError, TimeoutError):  # nested by the hundred, or made to be slow
        return []


def outline(code: str, language: str, time: ParsingTime | None = None) -> Node | None:
    """Python is read as this Python does, if it can. Raises `TimeoutError` for code that takes its parser too long."""
    found = from_python.outline(code) if language == "python" else None
    if found is None and find_spec("tree_sitter") is not None:
        from sfm2.explaining import from_tree

        found = from_tree.outline(code, language, time)
    return found
