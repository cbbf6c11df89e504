"""Functions in a syntax tree of tree-sitter: name, parameters, and what they return at their end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tree_sitter import Node as TreeNode

from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.written import one_line

_END = re.compile(r"(?:\s|\{|=>|->|:|=|;)+$")
"""What stands between a head and its body."""
_LEAVES = ("identifier", "name", "word", "constant", "operator_name", "qualified_identifier", "destructor_name")


_NO_PARAMETERS = ("attribute_item", "attribute_list", "type_parameters", "keyword_separator", "positional_separator")


class Given(NamedTuple):
    """A parameter."""

    name: str
    code: str
    type: str = ""
    default: str = ""


def head(node: TreeNode) -> str:
    """A definition up to its body, on one line."""
    body = node.child_by_field_name("body")
    end = (body.start_byte if body else node.end_byte) - node.start_byte
    text = (node.text or b"")[:end].decode(errors="replace")
    if node.type in ("method", "singleton_method", "class", "module"):  # of Ruby: a line break is all that ends it
        text = text.split("\n")[0]
    return _END.sub("", one_line(text))


def name(node: TreeNode) -> str:
    """The name of a function; empty for one without."""
    if found := node.child_by_field_name("name"):
        return one_line(_text(found))
    declarator = node.child_by_field_name("declarator")
    return innermost(declarator) if declarator else ""


def innermost(node: TreeNode) -> str:
    """The name in a declarator or a pattern, such as `p` in `**p[3]`."""
    for field in ("declarator", "pattern", "name"):
        if found := node.child_by_field_name(field):
            return innermost(found)
    if node.type.endswith(_LEAVES) or node.type.endswith("pattern") or not node.named_children:
        return one_line(_text(node))
    return innermost(node.named_children[-1])


def returns(node: TreeNode) -> bool:
    """Whether a function of a language in which the last expression is returned returns something of use."""
    if node.type in ("method", "singleton_method"):
        found = name(node)
        return found != "initialize" and not found.endswith("=")
    return node.type != "function_item" or node.child_by_field_name("return_type") is not None


_EXPRESSIONS = frozenset(
    {Role.NAME, Role.NUMBER, Role.TEXT, Role.OPERATION, Role.CHOICE, Role.CALL, Role.MEMBER, Role.ITEM, Role.OTHER}
)


def returned(node: Node) -> Node:
    """An expression, as what is returned."""
    return Node(Role.RETURN, node.code, parts={"value": (node,)}, line=node.line)


def tail(node: Node) -> Node:
    """What a function ends with, as what it returns."""
    if Trait.DISCARDED in node.traits:
        return node
    if node.role in _EXPRESSIONS:
        return returned(node)
    ends = {
        Role.IF: ("body", "otherwise"),
        Role.SWITCH: ("cases",),
        Role.CASE: ("body",),
        Role.ATTEMPT: ("body", "handlers"),
        Role.HANDLER: ("body",),
    }
    parts = dict(node.parts)
    for part in ends.get(node.role, ()):
        nodes = parts.get(part, ())
        if part in ("cases", "handlers"):
            parts[part] = tuple(tail(one) for one in nodes)
        elif nodes:
            parts[part] = (*nodes[:-1], tail(nodes[-1]))
    return replace(node, parts=parts)


def receivers(node: TreeNode) -> Iterator[Given]:
    """What a method of Go is called on."""
    if found := node.child_by_field_name("receiver"):
        yield from _all(found)


def parameters(node: TreeNode) -> Iterator[Given]:
    """The parameters of a function."""
    within = node
    while (found := within.child_by_field_name("parameters") or within.child_by_field_name("parameter")) is None:
        inner = within.child_by_field_name("declarator")
        if inner is None:
            return
        within = inner
    if found.named_child_count == 0 or within.child_by_field_name("parameter"):
        yield from _parameter(found) if found.is_named and _text(found)[:1] not in ("(", "|") else ()
        return
    yield from _all(found)


def _all(node: TreeNode) -> Iterator[Given]:
    for child in node.named_children:
        if not child.is_extra and child.type not in _NO_PARAMETERS:
            yield from _parameter(child)


def _parameter(node: TreeNode) -> Iterator[Given]:
    code, names = one_line(_text(node)), node.children_by_field_name("name")
    kind = _text(node.child_by_field_name("type")).removeprefix(":").strip()
    default = _text(_first(node, "default_value", "default", "value", "right"))
    if len(names) > 1:  # Go: `a, b int`
        yield from (Given(_text(one), f"{_text(one)} {kind}", kind) for one in names)
        return
    inner = _first(node, "name", "pattern", "declarator", "left")
    if node.type == "parameter_declaration" and inner is None:  # C: a type without a name, such as `void`
        return
    name = innermost(inner or node)
    if node.child_by_field_name("declarator"):  # C: the type is around the name
        kind = re.sub(rf"\b{re.escape(name)}\b", "", code.split("=")[0], count=1)
    stars = _stars(node)
    yield Given(name if name.startswith(stars) else stars + name, code, one_line(kind), one_line(default))


def _first(node: TreeNode, *fields: str) -> TreeNode | None:
    return next((found for field in fields if (found := node.child_by_field_name(field))), None)


def _stars(node: TreeNode) -> str:
    """The marks of a parameter that takes several."""
    if "dictionary_splat" in node.type or "hash_splat" in node.type:
        return "**"
    if "splat" in node.type:
        return "*"
    return "..." if "variadic" in node.type or node.type == "spread_parameter" else ""


def _text(node: TreeNode | None) -> str:
    return node.text.decode(errors="replace") if node and node.text else ""
