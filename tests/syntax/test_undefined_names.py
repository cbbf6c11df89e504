"""Names that a completion uses and that are defined nowhere."""

from __future__ import annotations

import pytest

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext


@pytest.mark.parametrize(
    ("prefix", "completion", "names"),
    [
        ("import os.path as osp, sys\nfrom a import b as c, d\n", "osp, sys, c, d", []),
        ("", "import os.path\nos.getcwd()\npath", ["path"]),
        ("", "print(len, max, Exception, __file__, __name__, nobody)", ["nobody"]),
        ("", "[x for x in range(3)] + [y for z in w]", ["y", "w"]),
        ("", "{k: v for k, (v, *_) in nobody}", ["nobody"]),
        ("class A:\n    k = 1\n    def f(self):\n        ", "return self.k + k + A + cls + j", ["j"]),
        ("def f():\n    ", "global counter\n    counter = 1\n    return counter + other", ["other"]),
        ("from m import *\n", "return_anything()", []),
        ("x = 1\n", "del x\ny", ["y"]),
        ("", "if (n := 10) > 5:\n    print(n, m)", ["m"]),
        ("", "match p:\n    case {'a': a, **r}: a, r\n    case [q, *s]: q, s\n    case K(z=1) as w: w", ["p", "K"]),
        ("", "try:\n    pass\nexcept E as e:\n    print(e)", ["E"]),
        ("", "with open('f') as fh, lock as (a, b):\n    fh, a, b", ["lock"]),
        ("", "lambda a, *b, c=d, **e: a + b + c + e", ["d"]),
        ("", "for i, (j, *k) in stuff:\n    i, j, k", ["stuff"]),
        ("", "@dec\nclass K(Base, metaclass=Meta):\n    pass", ["dec", "Base", "Meta"]),
        ("", "def g(a: T, *, b=c) -> R:\n    return a, g", ["T", "c", "R"]),
        ("", "def f():\n    return x\nx = 1", []),
        ("def f(a):\n    ", "return f'{a} {b!r:>{w}}'", ["b", "w"]),
        ("def f(a):\n    ", "b, a, b, c", ["b", "c"]),
        ("def f(a):\n    x = ", "b.c.d(e=1)[g]", ["b", "g"]),
        ("x = 'é🙂'; ", "y('é🙂')", ["y"]),
        ("# helper\ndef f(a):\n    ", "return helper(a)", []),
        ("def helper(): pass\ndef f(a):\n    ", "return helpers(a)", ["helpers"]),
        ("nobody2 = nobody\n", "x = 1", []),
        ("x = 1\n", "nobody(", []),
    ],
)
def test_undefined_names(prefix: str, completion: str, names: list[str]) -> None:
    assert ParseContext(Hole(prefix, "\n", "python")).undefined(completion) == names


def test_a_name_that_the_suffix_defines_is_known() -> None:
    context = ParseContext(Hole("def f():\n    ", "\n\n\ndef later():\n    pass\n", "python"))
    assert context.undefined("return later() + never()") == ["never"]


def test_a_word_that_the_hole_cuts_is_no_name_of_the_completion() -> None:
    assert ParseContext(Hole("x = coun", ".real\n", "python")).undefined("ter") == []


def test_names_are_not_looked_up_in_other_languages() -> None:
    assert ParseContext(Hole("func f() {\n", "}\n", "go")).undefined("return nobody") == []


STACK = ("class Stack {\n  constructor() { this.items = []; }\n  push(x) {\n    ", "\n  }\n}\n")


@pytest.mark.parametrize(
    ("around", "completion", "names"),
    [
        (STACK, "items.push(x);", ["items"]),
        (STACK, "this.items.push(x);", []),
        (STACK, "const { a, b: c, ...d } = x; [...a, c, d, b];", ["b"]),
        (STACK, "for (const [k, v = w] of x) k, v;", ["w"]),
        (STACK, "try { f(x); } catch (e) { throw new Error(e); }", ["f"]),
        (STACK, "return x.map(y => y.z + z).filter(({ q }, i) => q[i]);", ["z"]),
        (STACK, "function g(h, ...k) { return g(h, k, arguments); }", []),
        (STACK, "outer: while (true) { break outer; }", []),
        (STACK, "return { x, y, z: 1, w() {} };", ["y"]),
        (STACK, "console.log(Math.max(parseInt('1'), globalThis.q));", []),
        (("// later\n", "\nfoo();\n"), "foo(bar);", ["bar"]),
        (("", "\n"), "import a, { b as c } from 'm';\na(c, b);", []),
        (("", "\n"), "broken(", []),
    ],
)
def test_variables_of_javascript_that_nothing_defines(
    around: tuple[str, str], completion: str, names: list[str]
) -> None:
    for language in ("javascript", "typescript"):
        assert ParseContext(Hole(*around, language)).undefined(completion) == names


def test_components_are_variables_and_elements_are_not() -> None:
    context = ParseContext(Hole("import React from 'react';\nconst List = () => ", ";\n", "javascript"))
    assert context.undefined("<ul><Item x={y} /></ul>") == ["Item", "y"]


def test_types_are_no_variables() -> None:
    context = ParseContext(Hole("", "\n", "typescript"))
    assert context.undefined("const f = <T extends U>(a?: V, b: W = c): X => a as Y;") == ["c"]
    assert context.undefined("enum E { A }\ninterface I { j: K }\nE.A;") == []


def test_a_star_import_in_the_completion_may_define_anything() -> None:
    assert ParseContext(Hole("", "\n", "python")).undefined("from m import *\nanything()") == []


@pytest.mark.parametrize("name", ["__annotations__", "__builtins__", "__cached__", "__module__", "__qualname__"])
def test_names_that_python_itself_defines(name: str) -> None:
    assert ParseContext(Hole("class A:\n    ", "\n", "python")).undefined(f"x = {name}") == []
