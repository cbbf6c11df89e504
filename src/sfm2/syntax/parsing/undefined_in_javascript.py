"""Names that a completion uses and that are defined nowhere, in JavaScript and TypeScript.

`items.push(x)` in a class whose member is `this.items`: a member is no variable. It misses names rather than reports wrong
ones: a name that is used as a variable anywhere else in the file counts as defined, and types are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from tree_sitter import Node

from sfm2.syntax.parsing.incremental_tree import Place

_VARIABLES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_BINDING_FIELDS = {
    "variable_declarator": ("name",),
    "assignment_pattern": ("left",),
    "pair_pattern": ("value",),
    "for_in_statement": ("left",),
    "catch_clause": ("parameter",),
    "arrow_function": ("parameter",),
    "required_parameter": ("pattern",),
    "optional_parameter": ("pattern",),
    "import_specifier": ("name", "alias"),
}
_BINDINGS = frozenset(
    {"formal_parameters", "rest_pattern", "array_pattern", "object_pattern", "import_clause", "namespace_import"}
)  # every variable directly within one of these is bound
_ELEMENTS = frozenset({"jsx_opening_element", "jsx_closing_element", "jsx_self_closing_element"})
_DEFINITION = re.compile(r"(function|class|enum|module|namespace|interface|signature|import_alias)")


@cache
def known_globals() -> frozenset[str]:
    """What code uses without an import: the global object of ECMA-262, and what browsers (MDN), Node.js (its manual), test
    runners and pages with jQuery or React add to it.
    """
    return frozenset(resources.files(__package__).joinpath("javascript_globals.txt").read_text("utf-8").split())


def undefined(place: Place) -> list[str]:
    """The undefined names of the completion, in order, each once."""
    used: dict[str, None] = {}
    known = set(known_globals())
    for node in _variables(place.root):
        within = place.start <= node.start_byte and node.end_byte <= place.end
        name = place.text[node.start_byte : node.end_byte].decode(errors="replace")
        if not within or _is_binding(node):
            known.add(name)
        elif not _is_intrinsic(node, name):
            used[name] = None
    return [name for name in used if name not in known]


def _variables(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in _VARIABLES:
            yield node
        pending.extend(reversed(node.children))


def _is_binding(node: Node) -> bool:
    """Whether this is where the name is bound, rather than read."""
    parent = node.parent
    if parent is None or node.type == "shorthand_property_identifier_pattern":
        return parent is not None
    if parent.type in _BINDINGS:
        return True
    fields = _BINDING_FIELDS.get(parent.type, ("name",) if _DEFINITION.search(parent.type) else ())
    return any(parent.child_by_field_name(field) == node for field in fields)


def _is_intrinsic(node: Node, name: str) -> bool:
    """Whether this is an element of JSX that is not a component, such as `<div>`."""
    return node.parent is not None and node.parent.type in _ELEMENTS and name[:1].islower()
