"""What is read off code that generated functions do not have."""

from __future__ import annotations

import pytest

from sfm2.explaining import read
from sfm2.types import CodeFacts, CodeKind, CodeTrait


def facts(code: str, language: str = "python") -> dict[str, CodeFacts]:
    return {one.name: one for one in read(code, language)}


def test_parameters_with_types_and_defaults() -> None:
    (f,) = read("def f(a, b: int = 1, /, *c, d, e=None, **g) -> str: return str(a)", "python")
    assert [(one.name, one.type, one.default) for one in f.parameters] == [
        ("a", None, None),
        ("b", "int", "1"),
        ("*c", None, None),
        ("d", None, None),
        ("e", None, "None"),
        ("**g", None, None),
    ]
    assert f.signature == "def f(a, b: int = 1, /, *c, d, e=None, **g) -> str"


@pytest.mark.parametrize(
    ("language", "code", "parameters"),
    [
        ("typescript", "function f(a: T, b = 2, ...c: T[]) {}", [("a", "T", None), ("b", None, "2"), ("...c", "T[]", None)]),
        ("go", "func f(a, b int, c ...string) {}", [("a", "int", None), ("b", "int", None), ("...c", "string", None)]),
        ("c", "void f(const char *s, int n[3], void) {}", [("s", "const char *", None), ("n", "int [3]", None)]),
        ("cpp", "void f(const T& a, int b = 3) {}", [("a", "const T&", None), ("b", "int", "3")]),
        ("java", "void f(final int a, String... b) {}", [("a", "int", None), ("...b", None, None)]),
        ("csharp", 'void F(ref int a, string b = "x") {}', [("a", "int", None), ("b", "string", None)]),
        ("rust", "fn f(&mut self, a: &[u8]) {}", [("self", None, None), ("a", "&[u8]", None)]),
        ("ruby", "def f(a, *b, k: 2)\nend", [("a", None, None), ("*b", None, None), ("k", None, "2")]),
        ("php", "function f(int $a, $b = 3, ...$c) {}", [("$a", "int", None), ("$b", None, "3"), ("...$c", None, None)]),
    ],
)  # fmt: skip
def test_parameters_in_other_languages(language: str, code: str, parameters: list[tuple[str, ...]]) -> None:
    (f,) = read(code, language)
    assert [(one.name, one.type, one.default) for one in f.parameters] == parameters


def test_a_class_and_its_methods() -> None:
    code = "@final\nclass Stack(Base):\n    def push(self, x):\n        self.items.append(x)\n        self.size += 1\n"
    found = facts(code)
    assert (found["Stack"].kind, found["Stack"].bases, found["Stack"].decorators) == (
        CodeKind.CLASS,
        ["Base"],
        ["final"],
    )
    assert found["Stack.push"].kind is CodeKind.METHOD
    assert found["Stack.push"].changes == ["self.items (append)", "self.size"]


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("javascript", "class A { f() { this.n = 1; } }", "A.f"),
        ("typescript", "export class A { f(): void { this.n = 1; } }", "A.f"),
        ("java", "class A { void f() { this.n = 1; } }", "A.f"),
        ("csharp", "class A { void f() { this.n = 1; } }", "A.f"),
        ("php", "<?php class A { function f() { $this->n = 1; } }", "A.f"),
        ("ruby", "class A\n  def f\n    @n = 1\n    nil\n  end\nend", "A.f"),
        ("rust", "impl A { fn f(&mut self) { self.n = 1; } }", "A.f"),
        ("cpp", "class A { void f() { this->n = 1; } };", "A.f"),
        ("go", "func (a *A) f() { a.n = 1 }", "f"),
    ],
)
def test_a_method_changes_its_object(language: str, code: str, name: str) -> None:
    found = facts(code, language)[name]
    assert found.kind is CodeKind.METHOD
    assert [one[-1] for one in found.changes] == ["n"]


@pytest.mark.parametrize(
    ("language", "code", "changes"),
    [
        ("python", "def f():\n    global n\n    n = 1\n    m = 2\n", ["n"]),
        ("python", "def f(a):\n    a = 1\n    b = []\n    b.append(a)\n    b[0] = a\n", []),
        ("python", "def f(p):\n    open(p, 'w')\n    print(1)\n", ["the file p (opened with 'w')", "output (print)"]),
        ("python", "def f(p):\n    open(p, 'r').read()\n", []),
        ("python", "CACHE = {}\ndef f(k):\n    CACHE[k] = 1\n", ["CACHE[k]"]),
        ("javascript", "function f(a) { n = 1; let m = 2; m = 3; a = 4; }", ["n"]),
        ("java", "void f(int a) { n++; int m = 0; m++; a = 1; }", ["n"]),
        ("cpp", "void f(int& a, const T& b, int c) { a = 1; c = 2; }", ["a"]),
        ("c", "void f(int *p, int q) { *p = 1; q = 2; }", ["*p"]),
        ("csharp", "void F(ref int a, int b) { a = 1; b = 2; }", ["a"]),
        ("php", "function f(&$a, $b) { $a = 1; $b = 2; }", ["$a"]),
        ("go", "func f(m map[string]int, n int) { m[\"a\"] = 1; delete(m, \"b\"); n = 2 }", ['m["a"]']),
        ("bash", "f() { rm \"$1\"; local x=1; }", ["files (rm)"]),
    ],
)  # fmt: skip
def test_what_outlives_a_call(language: str, code: str, changes: list[str]) -> None:
    assert facts(code, language)["F" if language == "csharp" else "f"].changes == changes


@pytest.mark.parametrize(
    ("language", "code", "traits"),
    [
        ("python", "async def f(): return await g()", ["async"]),
        ("python", "def f():\n    yield 1", ["generator"]),
        ("python", "def f(n): return f(n - 1)", ["recursive"]),
        ("python", "def f(n):\n    def g():\n        yield 1\n    return g", []),
        ("python", "def f(n): return other.f(n)", []),
        ("javascript", "async function f() {}", ["async"]),
        ("javascript", "function* f() { yield 1; }", ["generator"]),
        ("javascript", "const f = async (n) => f(n - 1);", ["async", "recursive"]),
        ("rust", "async fn f() {}", ["async"]),
        ("csharp", "async Task f() { }", ["async"]),
        ("go", "func f(n int) int { return f(n - 1) }", ["recursive"]),
        ("ruby", "def f(n)\n  f(n - 1)\nend", ["recursive"]),
    ],
)
def test_traits(language: str, code: str, traits: list[CodeTrait]) -> None:
    assert facts(code, language)["f"].traits == traits


def test_a_method_of_python_calls_itself_by_self_only() -> None:
    found = facts("class A:\n    def f(self): return f()\n    def g(self): return self.g()\n")
    assert (found["A.f"].traits, found["A.g"].traits) == ([], ["recursive"])


@pytest.mark.parametrize(
    ("language", "code", "returns"),
    [
        ("rust", "fn f(a: i32) -> i32 { if a > 1 { a } else { 2 } }", ["a", "2"]),
        ("rust", "fn f(a: i32) { g(a); }", []),
        ("ruby", "def f(a)\n  a ? 1 : 2\nend", ["a ? 1 : 2"]),
        ("ruby", "def initialize(a)\n  a\nend", []),
        ("javascript", "const f = (a) => a * 2;", ["a * 2"]),
        ("javascript", "function f() { return () => 1; }", ["a function ()"]),
        ("csharp", "int F(int a) => a + 1;", ["a + 1"]),
        ("java", "int f(int a) { Runnable r = () -> { return; }; return a; }", ["a"]),
        ("python", "def f(a):\n    def g(): return 1\n    return g", ["g"]),
        ("python", "f = lambda a: a + 1", ["a + 1"]),
    ],
)
def test_what_is_returned(language: str, code: str, returns: list[str]) -> None:
    assert read(code, language)[0].returns == returns


def test_the_statements_of_a_script_come_first() -> None:
    script, f = read("import os\n\ndef f(): return 1\n\nfor x in os.listdir():\n    print(f(x))\n", "python")
    assert (script.kind, script.line, f.line) == (CodeKind.SCRIPT, 5, 3)
    assert script.steps == ["for each `x` of `os.listdir()`:", "  calls `print(f(x))`"]
    assert script.calls == ["os.listdir", "print", "f"]


def test_clauses_of_sql() -> None:
    code = (
        "SELECT a FROM t JOIN u ON u.i = t.i WHERE a > 1 AND b IN (SELECT b FROM v) GROUP BY a ORDER BY a DESC LIMIT 3;"
    )
    (script,) = read(code, "sql")
    assert script.steps == [
        "gives `a`",
        "from `t`",
        "joined: `JOIN u ON u.i = t.i`",
        "only the rows where `a > 1 AND b IN (SELECT b FROM v)`",
        "one row for each `a`",
        "sorted by `a DESC`",
        "at most `3`",
    ]


def test_markup_in_code_does_no_harm() -> None:
    (component,) = read("export function A(p: P) { use(p); return <b>{p.x}</b>; }", "tsx")
    assert (component.name, component.returns, component.calls) == ("A", ["<b>{p.x}</b>"], ["use"])


@pytest.mark.parametrize("language", [None, "text", "brainfuck", "json", "html"])
def test_nothing_is_known_of_other_languages(language: str | None) -> None:
    assert read("def f(): return 1", language) == []


@pytest.mark.parametrize("code", ["def f(:\n  return", "x" * 20_001, "(" * 5_000, "\0", "\ud800", ""])
def test_what_cannot_be_read_has_no_facts(code: str) -> None:
    assert read(code, "python") == []


def test_deep_code_is_given_up() -> None:
    assert read("x = " + "-" * 3_000 + "1", "javascript") == [] or read("x = 1", "javascript")


def test_long_code_has_facts_but_no_steps() -> None:
    body = "".join(f"    print({i})\n" for i in range(30))
    (f,) = read(f"def f(a):\n{body}    return a\n", "python")
    assert (f.steps, f.returns, f.calls) == ([], ["a"], ["print"])


def test_the_smaller_of_two_is_told_from_the_larger() -> None:
    for sign, first, second, said in [
        ("<", "x", "best", "smaller"),
        (">", "x", "best", "larger"),
        ("<", "best", "x", "larger"),
    ]:
        (f,) = read(
            f"def f(xs):\n    for x in xs:\n        if {first} {sign} {second}:\n            best = x\n", "python"
        )
        assert f.steps[-1].strip() == f"so `best` is the {said} of the two"


def test_a_callback_has_steps_of_its_own() -> None:
    (script,) = read(
        "button.on('click', (e) => { e.stop(); if (x) { y(); } });\nfetch(u).then(r => r.json());", "javascript"
    )
    assert script.steps == [
        "calls `button.on('click', …` with a function `(e)` that, when it is called:",
        "  calls `e.stop()`",
        "  if `x`:",
        "    calls `y()`",
        "calls `fetch(u).then(r => r.json())`",
    ]


def test_ruby_rescues_in_a_method_as_in_a_block() -> None:
    for code in ("def f\n  g(1)\nrescue E\n  2\nend", "def f\n  begin\n    g(1)\n  rescue E\n    2\n  end\nend"):
        (f,) = read(code, "ruby")
        assert f.steps == ["tries:", "  returns `g(1)`", "on `E`:", "  returns `2`"]
        assert f.returns == ["g(1)", "2"]


def test_a_header_is_read_within_its_guard() -> None:
    (f,) = read("#ifndef A_H\n#define A_H\nint f(int a) { return a; }\n#endif\n", "c")
    assert (f.name, f.returns) == ("f", ["a"])
