"""The facts of each definition in an outline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from sfm2.explaining import changes
from sfm2.explaining.node_types import NodeTypes
from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.steps import steps
from sfm2.explaining.written import short
from sfm2.types import CodeFacts, CodeKind, CodeTrait, ParameterFacts

MOST_DEFINITIONS = 50
MOST_OF_EACH = 12
"""Calls, returns and so on of a definition."""
_SAYS_NOTHING = (Role.NOTHING, Role.NAME, Role.NUMBER, Role.TEXT)
_SELF = ("self", "this", "cls", "$this")


def facts(root: Node, types: NodeTypes) -> list[CodeFacts]:
    """The script's own statements, if it has any, and each definition that has no syntax error, in their order."""
    own = [node for node in root.all("body") if _definition(node) is None and node.role not in _SAYS_NOTHING]
    found = [_script(own, types)] if own else []
    return [*found, *islice(_definitions(root.all("body"), "", types), MOST_DEFINITIONS)]


def _definitions(body: Iterable[Node], within: str, types: NodeTypes) -> Iterator[CodeFacts]:
    for statement in body:
        node = _definition(statement)
        if node is None:
            continue
        name = f"{within}.{node.word}" if within else node.word
        if Trait.BROKEN not in node.traits:
            yield _function(node, name, within, types) if node.role is Role.FUNCTION else _class(node, name)
        if node.role is Role.CLASS:
            yield from _definitions(node.all("body"), name, types)


def _definition(node: Node) -> Node | None:
    """A function or class, also where its name is assigned to."""
    if node.role is Role.FUNCTION or (node.role is Role.CLASS and node.word):
        return node
    target, value = node.part("target"), node.part("value")
    if node.role is Role.ASSIGN and target and value and value.role in (Role.FUNCTION, Role.CLASS) and not value.word:
        head = node.code.split(value.code)[0] + value.code
        return Node(
            value.role, head, target.code, value.parts, node.line, value.traits | (node.traits & {Trait.BROKEN})
        )
    return None


def _script(own: list[Node], types: NodeTypes) -> CodeFacts:
    script = Node(Role.SCRIPT, "", parts={"body": tuple(own)}, line=1)
    broken = any(Trait.BROKEN in node.traits for node in own)
    return CodeFacts(
        kind=CodeKind.SCRIPT,
        line=next((node.line for node in own if node.line), 1),
        raises=_values(script, Role.RAISE),
        changes=_first(changes.outside(script, types)),
        calls=_calls(script),
        steps=[] if broken else steps(own),
    )


def _class(node: Node, name: str) -> CodeFacts:
    return CodeFacts(
        kind=CodeKind.CLASS,
        name=name,
        line=node.line,
        signature=short(node.code),
        decorators=_codes(node.all("decorators")),
        bases=_codes(node.all("bases")),
    )


def _function(node: Node, name: str, within: str, types: NodeTypes) -> CodeFacts:
    return CodeFacts(
        kind=CodeKind.METHOD if within or node.all("receiver") else CodeKind.FUNCTION,
        name=name,
        line=node.line,
        signature=short(node.code),
        decorators=_codes(node.all("decorators")),
        traits=list(_traits(node, within, types)),
        parameters=[_parameter(one) for one in node.all("parameters")],
        returns=_values(node, Role.RETURN),
        yields=_values(node, Role.YIELD),
        raises=_values(node, Role.RAISE),
        changes=_first(changes.of_function(node, types)),
        calls=_calls(node),
        steps=steps(node.all("body")),
    )


def _traits(node: Node, within: str, types: NodeTypes) -> Iterator[CodeTrait]:
    if Trait.ASYNC in node.traits:
        yield CodeTrait.ASYNC
    inside = list(node.body.below())
    if any(one.role is Role.YIELD for one in inside):
        yield CodeTrait.GENERATOR
    if any(_calls_itself(one.part("callee"), node.word, within, types) for one in inside):
        yield CodeTrait.RECURSIVE


def _calls_itself(callee: Node | None, name: str, within: str, types: NodeTypes) -> bool:
    if callee is None or callee.word != name:
        return False
    of = callee.part("of")
    if of is None:
        return callee.role is Role.NAME and (not within or types.implicit_this)
    return bool(within) and of.code in _SELF


def _parameter(node: Node) -> ParameterFacts:
    kind, default = node.part("type"), node.part("default")
    return ParameterFacts(name=node.word, type=kind and short(kind.code), default=default and short(default.code))


def _values(node: Node, role: Role) -> list[str]:
    """What a definition returns, yields or raises, each once."""
    found = (one.part("value") for one in node.body.below() if one.role is role)
    return _first(_value(value) for value in found if value)


def _value(node: Node) -> str:
    if node.role is Role.FUNCTION:
        return short(f"a function {node.code}")
    return short(node.code)


def _calls(node: Node) -> list[str]:
    """What is called, also by functions without a name inside."""
    below = list(node.body.below(nameless=True))
    raised = {id(value) for one in below if one.role is Role.RAISE and (value := one.part("value"))}
    callees = (one.part("callee") for one in below if one.role is Role.CALL and id(one) not in raised)
    return _first(callee_name(callee) for callee in callees if callee)


def callee_name(callee: Node) -> str:
    """`json.dumps`; of a method of what another call gave, `.strip`."""
    if any(mark in callee.code for mark in "({[ \n"):
        return f".{callee.word}" if callee.word else ""
    return short(callee.code)


def _codes(nodes: Iterable[Node]) -> list[str]:
    return [short(node.code) for node in nodes]


def _first(found: Iterable[str]) -> list[str]:
    return [one for one in dict.fromkeys(found) if one][:MOST_OF_EACH]
