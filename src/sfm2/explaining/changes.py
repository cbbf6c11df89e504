"""What a function changes that outlives its call: attributes, arguments, outer names, files, output.

Read off assignments and calls of well-known names; what other calls change is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from sfm2.explaining.node_types import NodeTypes
from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.written import short

_SELF = ("self", "this", "cls", "$this")
_WRITING_MODES = frozenset("wax+")


def of_function(node: Node, types: NodeTypes) -> Iterator[str]:
    """Such as `self.total`, `items (append)`, `the file path`."""
    below = list(node.body.below(nameless=True))
    seen = _Names(node, below, types)
    for one in below:
        if one.role is Role.ASSIGN:
            for target in one.all("target"):
                yield from seen.changed(target, declares=Trait.DECLARES in one.traits)
        elif one.role is Role.CALL and (callee := one.part("callee")) and callee.word in types.mutating:
            of = callee.part("of")
            if of and seen.outlives(of):
                yield f"{short(of.code)} ({callee.word})"
    yield from outside(node, types)


def outside(node: Node, types: NodeTypes) -> Iterator[str]:
    """Files and output that a piece of code changes."""
    for one in node.body.below(nameless=True):
        callee = one.part("callee") if one.role is Role.CALL else None
        if callee is None:
            continue
        names = {callee.code, callee.word}
        if names & types.printing:
            yield f"output ({callee.code})"
        elif names & types.writing:
            yield f"files ({callee.code})"
        elif callee.word == "open" and (mode := _mode(one)):
            yield f"the file {short(one.all('arguments')[0].code)} (opened with {mode})"


def _mode(call: Node) -> str | None:
    """The mode with which `open` opens a file, if it is one that changes it."""
    for argument in call.all("arguments")[1:]:
        mode = argument.code.strip("\"'")
        if argument.role is Role.TEXT and len(mode) <= 3 and _WRITING_MODES & set(mode):
            return argument.code
    return None


class _Names:
    """The names of a function: which are its own, and which outlive its call."""

    def __init__(self, node: Node, below: list[Node], types: NodeTypes) -> None:
        self._types = types
        self._parameters = {one.word.lstrip("*.&"): one for one in (*node.all("parameters"), *node.all("receiver"))}
        self._globals = {one.code for each in below if each.role is Role.GLOBAL for one in each.all("names")}
        self._own = set(_bound(below, types.declares)) - self._globals

    def changed(self, target: Node, *, declares: bool) -> Iterator[str]:
        """What an assignment to `target` changes."""
        if target.role is Role.OTHER:  # several at once
            for one in target.all("inside"):
                yield from self.changed(one, declares=declares)
        elif target.role is Role.NAME:
            if not declares and self._is_outer_name(target):
                yield target.code
        elif target.role in (Role.MEMBER, Role.ITEM, Role.OPERATION) and self.outlives(target):
            yield short(target.code)

    def outlives(self, place: Node) -> bool:
        """Whether a place belongs to an argument, the object itself or something outside."""
        while inner := place.part("of") or (place.part("operands") if place.role is Role.OPERATION else None):
            place = inner
        if place.role is not Role.NAME:
            return False
        name = place.code
        if name in _SELF or name.startswith("@") or name in self._parameters:
            return True
        return name not in self._own

    def _is_outer_name(self, target: Node) -> bool:
        name = target.code
        if name in self._parameters:
            return _is_reference(self._parameters[name])
        return name.startswith("@") or name in self._globals or (self._types.declares and name not in self._own)


def _is_reference(parameter: Node) -> bool:
    """Of C++, PHP and C#: assigning to it changes what the caller has."""
    code = parameter.code
    marked = "&" in code or code.startswith(("ref ", "out "))
    return marked and "const" not in code and "&&" not in code and "mut" not in code and ": &" not in code


def _bound(below: list[Node], declares: bool) -> Iterator[str]:
    """The names that a function binds itself."""
    for node in below:
        binds = node.role is Role.ASSIGN and (Trait.DECLARES in node.traits or not declares)
        if binds or node.role in (Role.EACH, Role.COMPREHENSION):
            yield from (name for target in node.all("target") for name in _names(target))
        elif node.role in (Role.FUNCTION, Role.CLASS, Role.HANDLER):
            yield node.word
            yield from (one.word.lstrip("*.&") for one in node.all("parameters"))


def _names(target: Node) -> Iterator[str]:
    if target.role is Role.NAME:
        yield from target.code.replace(",", " ").split()
    elif target.role is Role.OTHER:
        for one in target.all("inside"):
            yield from _names(one)
