"""What a file of JavaScript or TypeScript exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sfm2.syntax.parsing.parsing_time import ParsingTime

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_PARSED = 100_000
"""Characters of a file that is parsed"""
_COMMON = (b"module.exports", b"exports.", b"exports[", b"export =", b"export as namespace", b"__esModule")
_DECLARATORS = frozenset({"variable_declarator"})


class Exports(NamedTuple):
    """What a module of ECMAScript exports."""

    names: frozenset[str]
    """With `default`."""
    stars: tuple[str, ...]
    """Other modules whose names it exports, too."""


def exports(text: str, language: str, time: ParsingTime) -> Exports | None:
    """None where it can't be told: CommonJS, a text that does not parse, or no time or grammar."""
    content = text.encode(errors="replace")
    if len(text) > MOST_PARSED or any(word in content for word in _COMMON) or b"export" not in content:
        return None
    from sfm2.syntax.parsing.grammars import grammar_for
    from sfm2.syntax.parsing.incremental_tree import IncrementalTree

    try:
        grammar = grammar_for(language, text, time)
        place = IncrementalTree(grammar, text, "", time).place("") if grammar else None
    except TimeoutError:
        return None
    if place is None or place.root.has_error:
        return None
    names: set[str] = set()
    stars: list[str] = []
    for node in place.root.named_children:
        if node.type != "export_statement":
            continue
        source = node.child_by_field_name("source")
        if source is not None and any(child.type == "*" for child in node.children):
            stars.append(_text(source, place.text).strip("'\"`"))
        names.update(_exported(node, place.text))
    return Exports(frozenset(names), tuple(stars))


def _exported(node: Node, text: bytes) -> Iterator[str]:
    if any(child.type == "default" for child in node.children):
        yield "default"
    for child in node.named_children:
        if child.type == "export_clause":
            for one in child.named_children:
                name = one.child_by_field_name("alias") or one.child_by_field_name("name")
                if name is not None:
                    yield _text(name, text).strip("'\"")
        elif child.type == "namespace_export":
            yield from (_text(one, text) for one in child.named_children)
    declaration = node.child_by_field_name("declaration")
    if declaration is not None:
        yield from _declared(declaration, text)


def _declared(node: Node, text: bytes) -> Iterator[str]:
    """The names of a declaration, or of one that another holds: `declare const`."""
    name = node.child_by_field_name("name")
    if name is not None and node.type not in _DECLARATORS:
        yield _text(name, text).split(".")[0]
        return
    for child in node.named_children:
        if child.type in _DECLARATORS:
            pattern = child.child_by_field_name("name")
            yield from _words(pattern, text) if pattern else ()
        elif child.type != "decorator":
            yield from _declared(child, text)


def _words(pattern: Node, text: bytes) -> Iterator[str]:
    """All names in a pattern: `{ a, b: c }`, with more than it binds."""
    if not pattern.named_child_count:
        yield _text(pattern, text)
    for child in pattern.named_children:
        yield from _words(child, text)


def _text(node: Node, text: bytes) -> str:
    return text[node.start_byte : node.end_byte].decode(errors="replace")
