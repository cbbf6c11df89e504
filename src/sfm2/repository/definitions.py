"""The definitions in a syntax tree. What is inside functions is left out: no other place can name it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sfm2.repository.contents import Defined
from sfm2.repository.node_types import DefiningNodes

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 40  # levels of nodes that are entered; code that was typed has fewer
_LONGEST_NAME = 200  # characters
_EXPORTS = ("exports", "module")  # what is set there in JavaScript is the file's
# C's `struct point;` is defined elsewhere, and `#define SHOP_H` defines nothing.
_NEEDS = {
    "struct_specifier": "body",
    "union_specifier": "body",
    "enum_specifier": "body",
    "class_specifier": "body",
    "preproc_def": "value",
}
_SEVERAL = ("const_spec", "var_spec", "enum_entry")  # in Go and Swift, with several names
_SPACES = ("module",)  # kinds in which a function is no method
_NAME = re.compile(r"[$@&*~]*(?:[\w\[\]]+(?:::|[.:\\#]))*(~?[\w$]+[?!=]?)")
_ARGUMENTS = re.compile(r"<.*>|\[.*\]", re.DOTALL)
_RECEIVER = re.compile(r"(\w+)\s*(?:\[[^\]]*\])?\s*\)$")
_BEFORE = re.compile(r"(\w+)(?:\.prototype)?(?:::|[.:\\#])~?[\w$]+[?!=]?$")


class _Surroundings(NamedTuple):
    """Where nodes are, that are looked at."""

    parent: str = ""
    kind: str = "module"
    """Of the parent."""
    lines: tuple[int, int] | None = None
    """Of the statement that they are the whole of."""
    first: tuple[int, int] | None = None
    """The row where the node around them begins, and the one where the comments above it begin."""
    depth: int = 0


def definitions(root: Node, text: bytes, types: DefiningNodes) -> list[Defined]:
    """In the order of the text. `root`: of the tree of `text`."""
    found = _Finder(text, types).below(root, _Surroundings())
    return sorted(found, key=lambda one: (one.first, -one.last))


class _Finder:
    def __init__(self, text: bytes, types: DefiningNodes) -> None:
        self._text = text
        self._types = types

    def below(self, node: Node, around: _Surroundings) -> Iterator[Defined]:
        """The definitions in the children of a node."""
        if around.depth > _DEEPEST:
            return
        lead = before = -1  # rows: where the comments above begin, and where the last node ended
        for child in node.named_children:
            row, last = child.start_point.row, _last_row(child)
            if child.type in self._types.leading:
                adjacent = lead >= 0 and before + 1 >= row
                lead = lead if adjacent else row if row > before else -1
            else:
                first = lead if lead >= 0 and before + 1 >= row else row
                if around.first and around.first[0] == row:
                    first = min(first, around.first[1])
                yield from self._at(child, around, row, first, last)
                lead = -1
            before = last

    def _at(self, node: Node, around: _Surroundings, row: int, first: int, last: int) -> Iterator[Defined]:
        kind = self._types.kinds.get(node.type)
        names = self._names(node) if kind else []
        if kind and names:
            lines = around.lines or (first, last)
            yield from self._define(node, kind, names, around, (min(first, lines[0]), max(last, lines[1])))
        elif kind or node.type in self._types.through:
            whole = (around.lines or (first, last)) if node.type in self._types.whole else None
            inside = around._replace(lines=whole, first=(row, first), depth=around.depth + 1)
            yield from self.below(node, inside)

    def _define(
        self, node: Node, kind: str, names: list[tuple[str, str]], around: _Surroundings, lines: tuple[int, int]
    ) -> Iterator[Defined]:
        if (needs := _NEEDS.get(node.type)) and node.child_by_field_name(needs) is None:
            return
        value = self._value(node) if kind == "variable" else None
        kind = self._kind(node, kind, value)
        if names == [_EXPORTS]:
            if value:
                yield from self.below(value, _Surroundings(depth=around.depth + 1))
            return
        for name, parent in names:
            parent = "" if parent in _EXPORTS else parent
            shown = "method" if parent and kind == "function" else _in_parent(kind, around.kind)
            yield Defined(name, shown, parent or around.parent, lines[0] + 1, lines[1] + 1)
        if kind not in ("function", "macro", "member", "variable") or (value and kind == "variable"):
            inside = _Surroundings(names[0][0], kind, depth=around.depth + 1)
            yield from self.below(value or node, inside)

    def _kind(self, node: Node, kind: str, value: Node | None) -> str:
        if kind == "variable" and value is not None:
            return self._types.values[value.type]
        if kind == "variable" and node.type.endswith("declaration"):
            return "function" if _declares_function(node) else kind
        return kind

    def _value(self, node: Node) -> Node | None:
        """What a variable is set to, if that says what the variable is."""
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is None and node.named_child_count > 1:
            value = node.named_children[-1]
        if value is not None and value.type == "expression_list":
            value = value.named_children[0] if value.named_child_count else None
        return value if value is not None and value.type in self._types.values else None

    def _names(self, node: Node) -> list[tuple[str, str]]:
        """Each name, with the parent that is written before it."""
        if fixed := self._types.fixed_names.get(node.type):
            return [(fixed, "")]
        receiver = node.child_by_field_name("receiver")
        owner = _RECEIVER.search(self._written(receiver)) if receiver else None
        read = (self._read(found) for found in self._named_by(node))
        return [(name, owner[1] if owner else parent) for name, parent in read if name]

    def _named_by(self, node: Node) -> list[Node]:
        if special := self._types.special_fields.get(node.type):
            return node.children_by_field_name(special)
        for field in self._types.name_fields:
            if found := node.children_by_field_name(field):
                several = field == "declarator" or node.type in _SEVERAL
                return [_innermost(one) for one in (found if several else found[:1]) if one.is_named]
        first = next((child for child in node.named_children if child.type in self._types.name_types), None)
        while first is not None and first.type in ("variable_declaration", "variable_list"):
            first = first.named_children[0] if first.named_child_count else None
        if first is None and node.type in self._types.name_types:
            return [node]
        return [first] if first else []

    def _read(self, node: Node) -> tuple[str, str]:
        written = _ARGUMENTS.sub("", self._written(node)).strip()
        found = _NAME.fullmatch(written)
        if found is None:
            return "", ""
        before = _BEFORE.search(written)
        return found[1].lstrip("$"), before[1] if before else ""

    def _written(self, node: Node) -> str:
        return self._text[node.start_byte : min(node.end_byte, node.start_byte + _LONGEST_NAME)].decode(
            errors="replace"
        )


def _last_row(node: Node) -> int:
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row


def _innermost(declarator: Node) -> Node:
    """C writes around a name what it is: `*name[3]` and `name(int)`."""
    while True:
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type in ("parenthesized_declarator", "reference_declarator"):
            inner = declarator.named_children[0] if declarator.named_child_count else None
        if inner is None:
            return (
                declarator.child_by_field_name("name") or declarator if "declarator" in declarator.type else declarator
            )
        declarator = inner


def _declares_function(node: Node) -> bool:
    """Whether it is the head of a function in C, not a variable or a pointer to a function."""
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.type in ("pointer_declarator", "reference_declarator"):
        inner = inner.child_by_field_name("declarator") or (
            inner.named_children[-1] if inner.named_child_count else None
        )
    if inner is None or inner.type != "function_declarator":
        return False
    name = inner.child_by_field_name("declarator")
    return name is not None and name.type != "parenthesized_declarator"


def _in_parent(kind: str, parent_kind: str) -> str:
    if parent_kind in _SPACES:
        return kind
    if kind == "variable":
        return "member" if parent_kind == "enum" else "field"
    return "method" if kind == "function" else kind
