"""What can be read off one text: its passages, definitions and imports. Pure."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from sfm2.repository.contents import Defined, Definition, Import, Outline, Passage
from sfm2.repository.node_types import defining_nodes
from sfm2.repository.passages import Cut, cut
from sfm2.syntax.parsing.parsing_time import ParsingTime


class Positions(NamedTuple):
    """An outline by its lines."""

    passages: list[Cut]
    definitions: list[Defined]
    imports: list[Import]


def outline(text: str, language: str | None, time: ParsingTime | None = None) -> Outline:
    """The outline of a text. Without the language's grammar, or once `time` is spent, it has windows and no definitions."""
    lines = text.split("\n")
    found = positions(text, lines, language, time)
    return Outline(
        [Passage("", first, last, between(lines, first, last)) for first, last, _ in found.passages],
        [
            Definition(name, kind, parent, Passage("", first, last, between(lines, first, last)))
            for name, kind, parent, first, last in found.definitions
        ],
        found.imports,
    )


def named(text: str, language: str | None, time: ParsingTime | None = None) -> tuple[list[Defined], list[Import]]:
    """What a text defines and imports; nothing defined without the language's grammar, or once `time` is spent."""
    return _read(text, language, time or ParsingTime()) if language else ([], [])


def positions(text: str, lines: list[str], language: str | None, time: ParsingTime | None = None) -> Positions:
    """The same without the texts. `lines` of the text, split at line feeds."""
    defined, imports = named(text, language, time)
    return Positions(cut(lines, defined), defined, imports)


def between(lines: list[str], first: int, last: int) -> str:
    """Some of the lines of a text, as they are in it."""
    return "\n".join(lines[first - 1 : last])


def _read(text: str, language: str, time: ParsingTime) -> tuple[list[Defined], list[Import]]:
    from sfm2.repository.imports import imports_in_text

    found = _parsed(text, language, time)
    return found if found is not None else ([], imports_in_text(text, language))


def _parsed(text: str, language: str, time: ParsingTime) -> tuple[list[Defined], list[Import]] | None:
    """None without a grammar or time."""
    types = defining_nodes(language)
    if types is None or find_spec("tree_sitter") is None:
        return None
    from sfm2.repository.definitions import definitions
    from sfm2.repository.imports import imports_in_tree
    from sfm2.syntax.parsing.grammars import grammar_for
    from sfm2.syntax.parsing.incremental_tree import IncrementalTree

    grammar = grammar_for(language, text, time)
    if grammar is None:
        return None
    try:
        place = IncrementalTree(grammar, text, "", time).place("")
    except TimeoutError:
        return None
    return definitions(place.root, place.text, types), imports_in_tree(place.root, place.text, grammar, language)
