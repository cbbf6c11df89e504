"""A syntax tree of tree-sitter -> an outline, by the table of node types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

from tree_sitter import Node as TreeNode

from sfm2.explaining import from_clauses
from sfm2.explaining import from_tree_function as function
from sfm2.explaining.node_types import NodeTypes, node_types
from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.written import one_line
from sfm2.syntax.parsing.grammars import grammar_for
from sfm2.syntax.parsing.incremental_tree import root_with_text
from sfm2.syntax.parsing.parsing_time import ParsingTime

_OPERATORS = {"&&": "and", "||": "or", "!": "not", "===": "==", "!==": "!=", "AND": "and", "OR": "or", "NOT": "not"}
_STEPS = {"++": "+=", "--": "-="}
TIME_LIMIT = 0.2
"""Seconds for a parse, in which the 20,000 characters that are read at most take a tenth."""
MOST_BYTES = 2_000
"""Of the code of a node."""
_ASYNC = re.compile(r"\basync\b")
_INSIDE = {"inside": ("*",)}
_COMPREHENSIONS = {"list_comprehension": "list", "set_comprehension": "set"}
_CALLS = {"new_expression": "new", "object_creation_expression": "new", "command": "run"}
_EACH = frozenset({"each", "forEach", "for_each", "ForEach"})
"""Methods that call a function for each item."""


def outline(code: str, language: str, time: ParsingTime | None = None) -> Node | None:
    """None where the language has no grammar here, or its node types are not known.

    Raises `TimeoutError` for code that takes its parser too long.
    """
    types, grammar = node_types(language), grammar_for(language, code, time)
    if types is None or grammar is None:
        return None
    root = root_with_text(grammar, code, time, TIME_LIMIT)
    if types.clauses:
        return from_clauses.outline(root, types.clauses)
    return replace(_Reader(types).node(root), role=Role.SCRIPT, code="", line=1)


class _Child(NamedTuple):
    field: str | None
    node: TreeNode


class _Reader:
    def __init__(self, types: NodeTypes) -> None:
        self._types = types
        self._special: dict[Role, Callable[[TreeNode, Node], Node]] = {
            Role.ASSIGN: self._assignment,
            Role.BLOCK: self._block,
            Role.CALL: self._call,
            Role.CLASS: lambda node, found: replace(found, code=function.head(node)),
            Role.EACH: lambda node, found: replace(found, parts={**found.parts, "target": self._targets(node, found)}),
            Role.COMPREHENSION: lambda node, found: replace(found, word=_COMPREHENSIONS.get(node.type, "")),
            Role.FUNCTION: self._function,
            Role.HANDLER: self._handler,
            Role.IF: self._branch,
            Role.NAME: lambda _, found: replace(found, word=found.code),
            Role.OPERATION: self._operation,
            Role.WHILE: self._loop,
        }

    def node(self, node: TreeNode) -> Node:
        """The outline of a node and of what is below it."""
        inner = self._children(node)
        if node.type in self._types.transparent and len(inner) == 1:
            found = self.node(inner[0].node)
            ended = node.type == "expression_statement" and (node.text or b"").endswith(b";")
            traits = {Trait.DISCARDED: ended, Trait.DECLARES: node.type in self._types.declaring}
            return replace(found, traits=found.traits | {trait for trait, holds in traits.items() if holds})
        role = self._role(node, inner)
        found = self._made(role, node, inner)
        return self._special[role](node, found) if role in self._special else found

    def _role(self, node: TreeNode, inner: Sequence[_Child]) -> Role:
        role = Role.OTHER if node.is_error else self._types.roles.get(node.type, Role.OTHER)
        if role is Role.UPDATE:
            return Role.ASSIGN if _operator(node) in _STEPS else Role.OPERATION
        if role is Role.WHILE and any(child.field == "right" for child in inner):
            return Role.EACH  # `for` of Go, which is both
        return role

    def _made(self, role: Role, node: TreeNode, inner: Sequence[_Child]) -> Node:
        places = self._types.places.get(role, _INSIDE)
        taken: dict[str, list[TreeNode]] = {}
        left = {child.node.id for child in inner}
        for part, choices in places.items():
            if found := next((some for place in choices if (some := _at(place, inner, left))), None):
                taken[part] = found
                left -= {child.id for child in found}
        word = "".join(one_line(_text(node)) for node in taken.pop("word", []))
        made = {part: self.flat(nodes) for part, nodes in sorted(taken.items(), key=lambda item: item[1][0].start_byte)}
        traits = frozenset({Trait.BROKEN}) if node.has_error else frozenset[Trait]()
        parts = {part: nodes for part, nodes in made.items() if nodes}
        return Node(role, one_line(_text(node)).rstrip("; "), word, parts, node.start_point.row + 1, traits)

    def flat(self, nodes: Iterable[TreeNode]) -> tuple[Node, ...]:
        """Nodes with what is in blocks in their place, and without what says nothing."""
        found: list[Node] = []
        for node in map(self.node, nodes):
            if node.role is Role.BLOCK:
                found += node.all("body")
            elif node.role is not Role.NOTHING:
                found.append(node)
        return tuple(found)

    def _children(self, node: TreeNode) -> list[_Child]:
        found: list[_Child] = []
        is_block = self._types.roles.get(node.type) is Role.BLOCK
        for i, child in enumerate(node.children):
            field = node.field_name_for_child(i)
            is_name = field is not None and self._types.roles.get(child.type) is Role.NAME  # `this` of C# is a token
            if (
                not (child.is_named or is_name)
                or child.is_extra
                or child.type in self._types.ignored
                or field == "kind"
            ):
                continue
            if is_block and field == "type":  # of a declaration
                continue
            if child.type in self._types.inlined:
                found += [_Child(field or one.field, one.node) for one in self._children(child)]
            else:
                found.append(_Child(field, child))
        return found

    def _function(self, node: TreeNode, found: Node) -> Node:
        body = node.child_by_field_name("body")
        made = found.all("body")
        is_block = body is not None and self._types.roles.get(body.type) is Role.BLOCK
        if not is_block and len(made) == 1:
            made = (function.returned(made[0]),)
        elif self._types.returns_tail and made and function.returns(node):
            made = (*made[:-1], function.tail(made[-1]))
        parts = {
            **found.parts,
            "receiver": tuple(map(_parameter, function.receivers(node))),
            "parameters": tuple(map(_parameter, function.parameters(node))),
            "body": made,
        }
        head = function.head(node)
        traits = {Trait.ASYNC} if _ASYNC.search(head.split("(")[0] or head[:6]) else set[Trait]()
        return replace(found, word=function.name(node), code=head, parts=parts, traits=found.traits | traits)

    def _assignment(self, node: TreeNode, found: Node) -> Node:
        operator = _operator(node)
        if operator in _STEPS:
            one = Node(Role.NUMBER, "1", "1")
            return replace(found, word=_STEPS[operator], parts={**found.parts, "value": (one,)})
        parts = dict(found.parts)
        parts["target"] = self._targets(node, found)
        value = found.part("value")
        if value and value.role is Role.ASSIGN and value.word == "=" == operator:  # `a = b = 1`
            parts = {"target": (*found.all("target"), *value.all("target")), "value": value.all("value")}
        targets = found.all("target")
        if node.type == "delete_statement" and len(targets) == 1 and targets[0].role is Role.OTHER:
            parts = {"target": targets[0].all("inside")}
        word = "del" if node.type == "delete_statement" else operator if operator.endswith("=") else "="
        traits = {Trait.DECLARES} if node.type in self._types.declaring else set[Trait]()
        return replace(found, word="=" if word == ":=" else word, parts=parts, traits=found.traits | traits)

    def _targets(self, node: TreeNode, found: Node) -> tuple[Node, ...]:
        if declarator := node.child_by_field_name("declarator"):  # of C: the name is inside
            name = function.innermost(declarator)
            return (Node(Role.NAME, name, name),)
        # Ruby calls a method to set an attribute.
        return tuple(
            callee if one.role is Role.CALL and (callee := one.part("callee")) and callee.role is Role.MEMBER else one
            for one in found.all("target")
        )

    def _operation(self, node: TreeNode, found: Node) -> Node:
        word = _operator(node)
        if word == "delete":
            return replace(found, role=Role.ASSIGN, word="del", parts={"target": found.all("operands")})
        return replace(found, word=word)

    def _block(self, node: TreeNode, found: Node) -> Node:
        """A declaration without a value says that a name is new, and one of an unknown form what it says."""
        inside = found.all("body")
        if any(one.role is Role.HANDLER for one in inside):  # Ruby: a method or block with a `rescue`
            handlers = tuple(one for one in inside if one.role is Role.HANDLER)
            body = tuple(one for one in inside if one.role is not Role.HANDLER)
            made = Node(Role.ATTEMPT, found.code, parts={"body": body, "handlers": handlers}, line=found.line)
            return replace(found, parts={"body": (made,)})
        if node.type != "declaration" or len(inside) != 1 or inside[0].role not in (Role.NAME, Role.OTHER):
            return found
        if inside[0].role is Role.NAME:
            made = Node(Role.ASSIGN, found.code, "=", {"target": inside}, found.line, frozenset({Trait.DECLARES}))
        else:
            made = replace(inside[0], code=found.code)
        return replace(found, parts={"body": (made,)})

    def _call(self, node: TreeNode, found: Node) -> Node:
        receiver, callee, block = found.part("receiver"), found.part("callee"), found.part("block")
        if callee is None:
            first = one_line(_text(node)).split(" ")[0].split("(")[0]
            callee = Node(Role.NAME, first, first)
        if receiver is not None:
            end = found.code.find(callee.code, len(receiver.code)) + len(callee.code)
            written = found.code[:end]
            callee = Node(Role.MEMBER, written, callee.code, {"of": (receiver,)})
        arguments = (*found.all("arguments"), *((block,) if block else ()))
        if callee.word in self._types.preparing:
            return replace(found, role=Role.NOTHING)
        if node.type == "command" and callee.word == "return":
            return replace(found, role=Role.RETURN, parts={"value": arguments})
        if callee.word in self._types.raising:
            value = Node(Role.OTHER, ", ".join(one.code for one in arguments), parts={"inside": arguments})
            return replace(found, role=Role.RAISE, parts={"value": (value,) if arguments else ()})
        last = arguments[-1] if arguments else None
        over = callee.part("of")
        if callee.word in _EACH and over and last and last.role is Role.FUNCTION:
            names = ", ".join(one.word for one in last.all("parameters"))
            body = tuple(one.part("value") or one if one.role is Role.RETURN else one for one in last.all("body"))
            return replace(
                found, role=Role.EACH, parts={"target": (Node(Role.NAME, names, names),), "over": (over,), "body": body}
            )
        word = _CALLS.get(node.type, "")
        return replace(found, word=word, parts={"callee": (callee,), "arguments": arguments})

    def _branch(self, node: TreeNode, found: Node) -> Node:
        """With each `elif` inside the `otherwise` of the one before."""
        otherwise: tuple[Node, ...] = ()
        for one in reversed(found.all("otherwise")):
            nested = one.role is Role.IF and one.code.startswith(("elif", "elseif"))
            otherwise = (replace(one, parts={**one.parts, "otherwise": otherwise}),) if nested else (one, *otherwise)
        parts = {**found.parts, "otherwise": otherwise} if otherwise else found.parts
        return replace(found, parts=_negated(parts) if node.type.startswith("unless") else parts)

    def _handler(self, node: TreeNode, found: Node) -> Node:
        kind = found.part("type")
        if kind is None or kind.role is not Role.ASSIGN:
            return found
        name = kind.part("target")  # `except Error as error`
        return replace(found, word=name.code if name else "", parts={**found.parts, "type": kind.all("value")})

    def _loop(self, node: TreeNode, found: Node) -> Node:
        word = "do" if node.type == "do_statement" else ""
        return replace(found, word=word, parts=_negated(found.parts) if node.type == "until" else found.parts)


def _at(place: str, inner: Sequence[_Child], left: Set[int]) -> list[TreeNode]:
    """The children at a place, of those with an id that is still left."""
    if place.isdigit():
        found = [child for child in inner if child.field is None][int(place) :][:1]
    else:
        names = place.split("|")
        found = [child for child in inner if place == "*" or child.field in names or child.node.type in names]
    return [child.node for child in found if child.node.id in left]


def _operator(node: TreeNode) -> str:
    """As other languages write it."""
    found = node.child_by_field_name("operator") or node.child_by_field_name("operators")
    signs = [child for child in node.children if not child.is_named and child.type not in ("(", ")")]
    if node.type == "not_operator":
        return "not"
    written = _text(found) if found else _text(signs[0]) if signs else ""
    return _OPERATORS.get(written, written)


def _negated(parts: Mapping[str, tuple[Node, ...]]) -> Mapping[str, tuple[Node, ...]]:
    condition = parts.get("condition", ())
    no = tuple(Node(Role.OPERATION, f"not {one.code}", "not", {"operands": (one,)}) for one in condition)
    return {**parts, "condition": no}


def _parameter(given: function.Given) -> Node:
    parts = {"type": given.type, "default": given.default}
    return Node(
        Role.PARAMETER,
        given.code,
        given.name,
        {part: (Node(Role.OTHER, code),) for part, code in parts.items() if code},
    )


def _text(node: TreeNode) -> str:
    """A node's code; of long code the beginning."""
    return (node.text or b"")[:MOST_BYTES].decode(errors="replace")
