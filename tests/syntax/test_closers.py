"""Closers for what a completion left open."""

from __future__ import annotations

import pytest

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext


@pytest.mark.parametrize(
    ("prefix", "completion", "likeliest"),
    [
        ("", "x = (1, [2, {3", "}])"),
        ("", "x = 'abc", "'"),
        ("", 'x = "abc', '"'),
        ("", "x = '''abc\n", "'''"),
        ("", "x = 'it\\'s", "'"),
        ("", 'x = f"{a} b', '"'),
        ("", "x = g(f'{a", "')"),
        ("", "if x:", "\n    pass"),
        ("", "if x", ":\n    pass"),
        ("", "def f(a):", "\n    pass"),
        ("", "class A", ":\n    pass"),
        ("def f():\n    ", "for x in y:", "\n        pass"),
        ("", "match x:\n    case 1", ":\n        pass"),
        ("", "try:\n    x()", "\nexcept Exception:\n    raise"),
        ("def f():\n    ", "try:\n        x()", "\n    except Exception:\n        raise"),
        ("", "x = [  # it's (", "]"),
        ("x = foo(", "1, g(2", ")"),
    ],
)
def test_python_is_closed(prefix: str, completion: str, likeliest: str) -> None:
    assert ParseContext(Hole(prefix, "", "python")).closers(completion)[0] == likeliest


OPEN = [
    "x = (1, [2, {3",
    "x = '''abc",
    "x = f'{a} b",
    "if x",
    "def f(a",
    "try:",
    "try:\n    x()",
    "class A(B",
    "while [x",
]


@pytest.mark.parametrize("completion", OPEN)
def test_one_of_the_closers_makes_it_compile(completion: str) -> None:
    context = ParseContext(Hole("x = 1\n", "\ny = 2\n", "python"))
    assert context.problems(completion) > 0
    assert any(context.problems(completion + closer) == 0 for closer in context.closers(completion))


def test_of_two_the_open_try_is_closed() -> None:
    context = ParseContext(Hole("", "\n", "python"))
    completion = "try:\n    a()\nexcept E:\n    try:\n        b()"
    assert any(context.problems(completion + closer) == 0 for closer in context.closers(completion))


@pytest.mark.parametrize("completion", ["x = 1", "print('it')", "# it's (", "x = '[('", ""])
def test_what_is_closed_needs_no_closer(completion: str) -> None:
    assert ParseContext(Hole("", "", "python")).closers(completion) == []


@pytest.mark.parametrize(
    ("language", "prefix", "completion", "found"),
    [
        ("javascript", "", "function f() {\n  if (a) {\n    g(", [")\n  }\n}"]),
        ("javascript", "function f() {\n  ", "if (x) {\n    y();", ["\n  }", "\n  }\n}"]),
        ("javascript", "", "x = `a\nb", ["`"]),
        ("javascript", "", "f({ // (", ["})"]),
        ("json", "", '{"a": [1, {"b": "c', ['"}]}']),
        ("go", "", "func f() {\n\tx := []int{1", ["}\n}"]),
        ("c", "", "int f() { /* ( ", ["}"]),
        ("php", "", "f( // it's {\n1, # it's [\n", [")"]),
        ("sql", "", "SELECT f( -- it's (\n1", [")"]),
        ("css", "", "a { background: url(http://b", [")}"]),
    ],
)
def test_brackets_are_closed_in_any_language(language: str, prefix: str, completion: str, found: list[str]) -> None:
    assert ParseContext(Hole(prefix, "", language)).closers(completion) == found
