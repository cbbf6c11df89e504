"""What a completion in JavaScript or TypeScript takes out of other files and packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

    from sfm2.syntax.parsing.incremental_tree import Place

_CALLS = frozenset({"import", "require"})


class ImportedFrom(NamedTuple):
    """An import that the completion wrote, or a part of it."""

    module: str
    """As it is written, without quotes."""
    is_new: bool
    """Whether the completion wrote the module, or a part of it."""
    names: tuple[tuple[str, str], ...]
    """Those that it takes and that the completion wrote: as the module calls each, or `default`, and as it is written."""


def uses(place: Place) -> list[ImportedFrom]:
    """In the order of the text. What an error is caught of is left out."""
    found: list[ImportedFrom] = []
    pending: list[Node] = [place.root]
    while pending:
        node = pending.pop()
        if node.type == "try_statement":
            continue
        found += _import(node, place)
        pending.extend(reversed(node.named_children))
    return [one for one in found if one.is_new or one.names]


def _import(node: Node, place: Place) -> Iterator[ImportedFrom]:
    if not _touches(node, place):
        return
    if node.type in ("import_statement", "export_statement"):
        source = node.child_by_field_name("source")
        if source is not None:
            yield ImportedFrom(_unquoted(source, place), _touches(source, place), tuple(_names(node, place)))
    elif node.type == "call_expression":
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None or arguments.named_child_count != 1:
            return
        source = arguments.named_children[0]
        if _text(function, place) in _CALLS and source.type == "string" and _touches(source, place):
            yield ImportedFrom(_unquoted(source, place), True, ())


def _names(statement: Node, place: Place) -> Iterator[tuple[str, str]]:
    pending = list(statement.named_children)
    while pending:
        node = pending.pop(0)
        if node.type in ("import_specifier", "export_specifier"):
            name = node.child_by_field_name("name")
            if name is not None and _touches(name, place):
                taken = _text(name, place).strip("'\"")
                yield taken, taken
        elif node.type in ("import_clause", "named_imports", "export_clause"):
            pending[:0] = node.named_children
        elif _is_default(node) and _touches(node, place):
            yield "default", _text(node, place)


def _is_default(node: Node) -> bool:
    return node.type == "identifier" and node.parent is not None and node.parent.type == "import_clause"


def _touches(node: Node, place: Place) -> bool:
    return node.start_byte < place.end and node.end_byte > place.start


def _unquoted(node: Node, place: Place) -> str:
    return _text(node, place).strip("'\"`")


def _text(node: Node, place: Place) -> str:
    return place.text[node.start_byte : node.end_byte].decode(errors="replace")
