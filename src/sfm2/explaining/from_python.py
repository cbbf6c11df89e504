"""Python's own syntax tree -> an outline: the statements. `python_expressions` has what is in them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable

from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.python_expressions import OPERATORS, ExpressionReader


def outline(code: str) -> Node | None:
    """None where this Python can't parse the code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and the like
            tree = ast.parse(code)
        return Node(Role.SCRIPT, "", parts={"body": _StatementReader(code).body(tree.body)}, line=1)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


class _StatementReader(ExpressionReader):
    def body(self, body: Iterable[ast.stmt]) -> tuple[Node, ...]:
        return tuple(node for node in map(self._statement, body) if node.role is not Role.NOTHING)

    def inside(self, node: ast.AST) -> tuple[Node, ...]:
        """The expressions and statements directly in a node of which no more is known."""
        found: list[Node] = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                found.append(self._statement(child))
            else:
                found += [self.expression(child)] if isinstance(child, ast.expr) else self.inside(child)
        return tuple(found)

    def _statement(self, node: ast.stmt) -> Node:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return self._definition(node)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
                return self._assignment(node)
            case ast.For() | ast.AsyncFor() | ast.While() | ast.If():
                return self._flow(node)
            case ast.Try() | ast.TryStar() | ast.With() | ast.AsyncWith() | ast.Match():
                return self._compound(node)
        return self._simple(node)

    def _simple(self, node: ast.stmt) -> Node:
        match node:
            case ast.Return(value=value):
                return self.node(Role.RETURN, node, parts={"value": self.all([value])})
            case ast.Raise(exc=error):
                return self.node(Role.RAISE, node, parts={"value": self.all([error])})
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                return self.node(Role.GLOBAL, node, parts={"names": tuple(Node(Role.NAME, one, one) for one in names)})
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Pass():
                return self.node(Role.NOTHING, node)  # a docstring tells what is meant, not what is done
            case ast.Expr(value=value):
                return self.expression(value)
        return self.node(Role.OTHER, node, parts={"inside": self.inside(node)})

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Node:
        parts = {"decorators": self.all(node.decorator_list)}
        if isinstance(node, ast.ClassDef):
            parts |= {"bases": self.all(node.bases), "body": self.body(node.body)}
            return self.node(Role.CLASS, node, node.name, parts, code=self._head(node))
        parts |= {
            "parameters": self.parameters(node.args),
            "type": self.all([node.returns]),
            "body": self.body(node.body),
        }
        traits = frozenset({Trait.ASYNC} if isinstance(node, ast.AsyncFunctionDef) else set[Trait]())
        return self.node(Role.FUNCTION, node, node.name, parts, code=self._head(node), traits=traits)

    def _head(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
        """A definition up to its body."""
        first = node.body[0]
        decorators: list[ast.expr] = getattr(first, "decorator_list", [])
        line, column = (
            (decorators[0].lineno, decorators[0].col_offset - 1) if decorators else (first.lineno, first.col_offset)
        )
        return self.between((node.lineno, node.col_offset), (line, column)).rstrip(": ")

    def _assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) -> Node:
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return self.node(Role.NOTHING, node)
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        word = "del" if isinstance(node, ast.Delete) else "="
        if isinstance(node, ast.AugAssign):
            word = OPERATORS[type(node.op)] + "="
        value = None if isinstance(node, ast.Delete) else node.value
        return self.node(Role.ASSIGN, node, word, {"target": self.all(targets), "value": self.all([value])})

    def _flow(self, node: ast.For | ast.AsyncFor | ast.While | ast.If) -> Node:
        if isinstance(node, ast.If):
            parts = {"condition": self.all([node.test]), "body": self.body(node.body)}
            return self.node(Role.IF, node, parts={**parts, "otherwise": self.body(node.orelse)})
        body = (*self.body(node.body), *self.body(node.orelse))
        if isinstance(node, ast.While):
            return self.node(Role.WHILE, node, parts={"condition": self.all([node.test]), "body": body})
        parts = {"target": self.all([node.target]), "over": self.all([node.iter]), "body": body}
        return self.node(Role.EACH, node, parts=parts)

    def _compound(self, node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith | ast.Match) -> Node:
        if isinstance(node, ast.Match):
            cases = tuple(map(self._case, node.cases))
            return self.node(Role.SWITCH, node, parts={"subject": self.all([node.subject]), "cases": cases})
        if isinstance(node, ast.With | ast.AsyncWith):
            items = tuple(map(self._item, node.items))
            return self.node(Role.WITH, node, parts={"items": items, "body": self.body(node.body)})
        parts = {
            "body": (*self.body(node.body), *self.body(node.orelse)),
            "handlers": tuple(map(self._handler, node.handlers)),
            "finally": self.body(node.finalbody),
        }
        return self.node(Role.ATTEMPT, node, parts=parts)

    def _case(self, node: ast.match_case) -> Node:
        value = Node(Role.OTHER, self.written(node.pattern))
        parts = {"value": (value,), "condition": self.all([node.guard]), "body": self.body(node.body)}
        return Node(Role.CASE, "", parts=parts)

    def _item(self, node: ast.withitem) -> Node:
        parts = {"target": self.all([node.optional_vars]), "value": self.all([node.context_expr])}
        return Node(Role.ASSIGN, self.written(node.context_expr), "=", parts)

    def _handler(self, node: ast.ExceptHandler) -> Node:
        return Node(
            Role.HANDLER, "", node.name or "", parts={"type": self.all([node.type]), "body": self.body(node.body)}
        )
