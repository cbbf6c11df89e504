"""Python's own syntax tree -> an outline: the expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.written import one_line

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.And: "and",
    ast.Or: "or",
    ast.Not: "not",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
}
MOST_LINES = 20
"""Of the code of a node."""
_COMPREHENSIONS: dict[type[ast.AST], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: ""}


class ExpressionReader:
    """Makes nodes of an outline of expressions of `code`."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._lines = code.encode(errors="replace").splitlines(keepends=True)

    def all(self, nodes: Iterable[ast.expr | None]) -> tuple[Node, ...]:
        """Those that are there."""
        return tuple(self.expression(node) for node in nodes if node is not None)

    def inside(self, node: ast.AST) -> tuple[Node, ...]:
        """What is directly in a node of which no more is known."""
        return self.all(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def expression(self, node: ast.expr) -> Node:
        """Any expression."""
        match node:
            case ast.Name(id=name):
                return self.node(Role.NAME, node, name)
            case ast.Constant(value=bool() | None):
                return self.node(Role.NAME, node, str(node.value))
            case ast.Constant(value=int() | float() | complex()):
                return self.node(Role.NUMBER, node)
            case ast.Constant() | ast.JoinedStr():
                return self.node(Role.TEXT, node, parts={"inside": self.inside(node)})
            case ast.BinOp() | ast.UnaryOp() | ast.BoolOp() | ast.Compare(ops=[_]):
                return self._operation(node)
            case ast.IfExp(test=test, body=yes, orelse=no):
                parts = {"condition": self.all([test]), "yes": self.all([yes]), "no": self.all([no])}
                return self.node(Role.CHOICE, node, parts=parts)
            case ast.Call(func=function, args=arguments, keywords=keywords):
                given = self.all([*arguments, *(keyword.value for keyword in keywords)])
                return self.node(Role.CALL, node, parts={"callee": self.all([function]), "arguments": given})
        return self._place(node)

    def _operation(self, node: ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare) -> Node:
        operator: ast.AST
        match node:
            case ast.BinOp(left=left, op=operator, right=right):
                operands = [left, right]
            case ast.UnaryOp(op=operator, operand=operand):
                operands = [operand]
            case ast.BoolOp(op=operator, values=operands):
                pass
            case ast.Compare(left=left, ops=[operator, *_], comparators=rest):
                operands = [left, *rest]
        return self.node(Role.OPERATION, node, OPERATORS[type(operator)], {"operands": self.all(operands)})

    def _place(self, node: ast.expr) -> Node:
        match node:
            case ast.Attribute(value=value, attr=name):
                return self.node(Role.MEMBER, node, name, {"of": self.all([value])})
            case ast.Subscript(value=value, slice=index):
                return self.node(Role.ITEM, node, parts={"of": self.all([value]), "index": self.all([index])})
            case ast.Yield(value=value):
                return self.node(Role.YIELD, node, parts={"value": self.all([value])})
            case ast.YieldFrom(value=value):
                return self.node(Role.YIELD, node, "from", {"value": self.all([value])})
            case ast.Lambda(args=arguments, body=body):
                returned = Node(Role.RETURN, self.written(body), parts={"value": self.all([body])})
                parts = {"parameters": self.parameters(arguments), "body": (returned,)}
                return self.node(Role.FUNCTION, node, parts=parts, code=self._lambda_head(node))
            case ast.ListComp(generators=[one]) | ast.SetComp(generators=[one]) | ast.GeneratorExp(generators=[one]):
                parts = {"value": self.all([node.elt]), "target": self.all([one.target])}
                parts |= {"over": self.all([one.iter]), "conditions": self.all(one.ifs)}
                return self.node(Role.COMPREHENSION, node, _COMPREHENSIONS[type(node)], parts)
        return self.node(Role.OTHER, node, parts={"inside": self.inside(node)})

    def _lambda_head(self, node: ast.Lambda) -> str:
        return self.between((node.lineno, node.col_offset), (node.body.lineno, node.body.col_offset)).rstrip(":( ")

    def parameters(self, arguments: ast.arguments) -> tuple[Node, ...]:
        """The parameters of a function, in their order."""
        return tuple(
            Node(
                Role.PARAMETER,
                stars + self.written(one),
                stars + one.arg,
                {"type": self.all([one.annotation]), "default": self.all([default])},
            )
            for stars, one, default in _parameters(arguments)
        )

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """The code between two places, on one line; of long code the beginning. A place is a line, from 1, and a column in
        bytes."""
        lines = self._lines[start[0] - 1 : min(end[0], start[0] + MOST_LINES)]
        if len(lines) == end[0] - start[0] + 1:
            lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][start[1] :]
        return one_line(b"".join(lines).decode(errors="replace"))

    def written(self, node: ast.expr | ast.stmt | ast.arg | ast.pattern) -> str:
        """A node's code, on one line."""
        end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return self.between((node.lineno, node.col_offset), end)

    def node(
        self,
        role: Role,
        node: ast.expr | ast.stmt,
        word: str = "",
        parts: Mapping[str, tuple[Node, ...]] | None = None,
        *,
        code: str | None = None,
        traits: frozenset[Trait] = frozenset(),
    ) -> Node:
        """A node of the outline, without the parts that are empty. `code`: if it is not all of the node."""
        kept = {name: nodes for name, nodes in (parts or {}).items() if nodes}
        return Node(role, self.written(node) if code is None else code, word, kept, node.lineno, traits)


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, ast.arg, ast.expr | None]]:
    """Stars, parameter and default."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [*reversed(arguments.defaults)]
    pairs = [*zip_longest(reversed(positional), defaults)]
    yield from (("", one, default) for one, default in reversed(pairs))
    if arguments.vararg:
        yield "*", arguments.vararg, None
    yield from (("", one, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    if arguments.kwarg:
        yield "**", arguments.kwarg, None
