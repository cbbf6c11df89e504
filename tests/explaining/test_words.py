"""Expressions in words."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.explaining import read
from sfm2.explaining.from_python import outline
from sfm2.explaining.words import in_words


def test_words_that_are_the_code_are_not_told_twice() -> None:
    assert read("def f(a, b): return a or b", "python")[0].steps == ["returns `a or b`"]
    assert read("def f(a, b): return a > b", "python")[0].steps == ["returns `a > b`, that is `a` is greater than `b`"]


def words(expression: str) -> str | None:
    root = outline(f"x = {expression}")
    assert root
    value = root.all("body")[0].part("value")
    assert value
    found = in_words(value)
    return found.text if found else None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x**2 + y**2", "the sum of the square of `x` and the square of `y`"),
        ("(x + y)**2", "the square of the sum of `x` and `y`"),
        ("x * x", "the square of `x`"),
        ("x ** 3", "the cube of `x`"),
        ("x ** 0.5", "the square root of `x`"),
        ("a - b", "`a` minus `b`"),
        ("a / b", "`a` divided by `b`"),
        ("(a + b) / 2", "the sum of `a` and `b`, divided by 2"),
        ("a + b + c", "the sum of `a`, `b` and `c`"),
        ("n % 2 == 0", "`n` is even"),
        ("n % 2 != 0", "`n` is odd"),
        ("n % 2 == 1", "the remainder of `n` divided by 2 is 1, as it is of odd numbers only"),
        ("n % k == 0", "`n` is divisible by `k`"),
        ("a <= b", "`a` is at most `b`"),
        ("x is None", "`x` is `None`"),
        ("x == None", "`x` is `None`"),
        ("key not in d", "`key` is not in `d`"),
        ("a > 1 and not b", "`a` is greater than 1 and not `b`"),
        ("len(xs)", "the length of `xs`"),
        ("max(a, b)", "the larger of `a` and `b`"),
        ("min(a, b, c)", "the smallest of `a`, `b` and `c`"),
        (
            "sum(x * x for x in xs if x > 0)",
            "the sum of the square of `x` for each `x` of `xs` where `x` is greater than 0",
        ),
        (
            "any(len(r) > n for r in rows)",
            "whether the length of `r` is greater than `n` for at least one `r` of `rows`",
        ),
        ("all(t.done for t in ts)", "whether `t.done` is true for every `t` of `ts`"),
        ("[x + 1 for x in xs]", "a list of the sum of `x` and 1 for each `x` of `xs`"),
        # What could be bracketed in two ways, or means another thing for texts, stays code.
        ("a + b * c", None),
        ("a - b - c", None),
        ("'%d' % n", None),
        ("'a' + b", None),
        ("a and (b or c)", None),
        ("not (a and b)", None),
        ("x ** n", None),
        ("-x", None),
    ],
)
def test_what_is_said(expression: str, said: str | None) -> None:
    assert words(expression) == said


def _binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "%", "**", "<", ">=", "==", "and", "or"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("(not {})".format, inner),
        st.builds("len({})".format, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("({} ** 2)".format, inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(["a", "b", "2"]), _binary, max_leaves=4)


class _Meaning(ast.NodeTransformer):
    """Brackets that do not matter, and `x * x` for `x ** 2`, left out."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        inner = [
            one
            for value in node.values
            for one in (value.values if isinstance(value, ast.BoolOp) and type(value.op) is type(node.op) else [value])
        ]
        return ast.BoolOp(node.op, inner)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult) and ast.dump(node.left) == ast.dump(node.right):
            return ast.BinOp(node.left, ast.Pow(), ast.Constant(2))
        if isinstance(node.op, ast.Add | ast.Mult):
            return ast.Call(ast.Name(type(node.op).__name__), [*_flat(node, type(node.op))], [])
        return node


def _flat(node: ast.AST, kind: type[ast.AST]) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
        return [*_flat(node.left, kind), *_flat(node.right, kind)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind.__name__:
        return node.args
    return [node] if isinstance(node, ast.expr) else []


def meaning(expression: str) -> str:
    return ast.dump(_Meaning().visit(ast.parse(expression, mode="eval").body))


SAID: dict[str, str] = {}


@given(EXPRESSIONS)
@settings(max_examples=400, deadline=None)
def test_the_same_words_are_never_said_of_two_things(expression: str) -> None:
    said = words(expression)
    if said is not None and said.count("`") + sum(map(str.isdigit, said)) > 2:
        assert SAID.setdefault(said, meaning(expression)) == meaning(expression), said
