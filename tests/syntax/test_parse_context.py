"""Whether a completion parses in place: the parse context against parsing the whole file."""

from __future__ import annotations

import random
import sysconfig
import time
import warnings
from functools import cache
from pathlib import Path

import pytest
from tree_sitter import Parser

from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext
from sfm2.syntax.parsing.grammars import grammar_for
from sfm2.syntax.parsing.parsing_time import ParsingTime

STDLIB = Path(sysconfig.get_paths()["stdlib"])
MODULES = (
    *("bisect.py", "shlex.py", "textwrap.py", "heapq.py", "csv.py", "contextlib.py", "json/decoder.py", "functools.py"),
    *("tokenize.py", "dataclasses.py", "string.py", "configparser.py", "graphlib.py", "fractions.py"),
)
HOLES = 9  # in each file


def compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<test>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False
    return True


@cache
def text_of(module: str) -> str:
    return (STDLIB / module).read_text(encoding="utf-8")


def cut(text: str, chance: random.Random) -> tuple[str, str, str]:
    """Prefix, middle and suffix: the middle is up to eight lines, whole ones or with parts of others."""
    lines = text.splitlines(keepends=True)
    first = chance.randrange(len(lines))
    start = len("".join(lines[:first]))
    middle = "".join(lines[first : first + chance.randint(1, 8)])
    end = start + len(middle)
    if chance.random() < 0.5:
        start += chance.randrange(len(lines[first]))
        end = max(start, end - chance.randrange(20))
    return text[:start], text[start:end], text[end:]


def damaged(middle: str, text: str, chance: random.Random) -> list[str]:
    """Without one of its lines, without one of its brackets or quotes, with another line of the file."""
    lines = middle.splitlines(keepends=True)
    at = chance.randrange(len(lines) or 1)
    dropped = "".join(lines[:at] + lines[at + 1 :])
    other = "".join([*lines[:at], chance.choice(text.splitlines(keepends=True)), *lines[at + 1 :]])
    marks = [n for n, c in enumerate(middle) if c in "()[]{}'\":"]
    mark = chance.choice(marks) if marks else 0
    return [dropped, other, middle[:mark] + middle[mark + 1 :]]


def reaches_beyond(middle: str) -> bool:
    """Whether it opens a long string, or decorates: what follows at the top level may be a part of its last statement."""
    return middle.count('"""') % 2 == 1 or middle.count("'''") % 2 == 1 or "@" in middle


@pytest.mark.parametrize("module", MODULES)
def test_python_parses_if_the_whole_file_compiles(module: str) -> None:
    text, chance = text_of(module), random.Random(module)
    verdicts = set()
    for _ in range(HOLES):
        prefix, middle, suffix = cut(text, chance)
        context = ParseContext(Hole(prefix, suffix, "python"))
        for completion in [middle, *damaged(middle, text, chance)]:
            expected = compiles(prefix + completion + suffix)
            verdicts.add(expected)
            if not (expected and reaches_beyond(completion)):
                assert (context.problems(completion) == 0) is expected, (prefix[-200:], completion, suffix[:200])
    assert verdicts == {True, False}


MARGIN = (
    *("x = 1", "if x:", "    y = 2", "else:", "try:", "except E:", "    pass", "def f():", "    return 1", "@d", "# c"),
    *("x = (", "1,", ")", "'''", "s = '''", "text", "class A:", "", "x = \\", "finally:", "async def g():", "    await h()"),
    *("match x:", "  case 1:", "    ...", "'doc'", "    '''", "]", "x = [", "    )", "\ty = 1", "return", "    break"),
    *("    global x", "elif y:", "case = 1", "match = 2", "# '''", "; y", "x = 'a' 'b", "*a, b = c", "with (a as b,"),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_nothing_passes_that_breaks_a_file_that_compiles(seed: int) -> None:
    """Lines at random, most of which end or begin a part that is compiled by itself."""
    chance = random.Random(seed)
    found = {True: 0, False: 0}
    while min(found.values()) < 12:
        text = "".join(chance.choice(MARGIN) + "\n" for _ in range(chance.randint(1, 7)))
        at = chance.randrange(len(text) + 1)
        prefix, suffix = text[:at], text[at:]
        if not compiles(text):
            continue
        completion = "\n".join(chance.choice(MARGIN) for _ in range(chance.randint(1, 3)))
        passes = ParseContext(Hole(prefix, suffix, "python")).problems(completion) == 0
        assert compiles(prefix + completion + suffix) or not passes, (prefix, completion, suffix)
        found[passes] += 1


def test_a_hole_at_the_end_of_a_long_file_costs_little() -> None:
    text = text_of("dataclasses.py") * 4
    context = ParseContext(Hole(text + "\ndef last(x):\n    ", "\n", "python"))
    assert context.problems("return x") == 0
    assert context.problems("return (") > 0
    assert context.cost < 1_000


COMPILES = {
    "a decorator": ("x = 1\n", "@cache", "\ndef f():\n    pass\n"),
    "a decorator's name, a comment after it": ("x = 1\n@cach", "e", "\n# talk\ndef f():\n    pass\n"),
    "the beginning of a text at the top level": ("x = 1\n", 's = """', '\ntext\n"""\n'),
    "the beginning of a list at the margin": ("x = 1\n", "s = [", "\n1,\n]\n"),
    "a continued line": ("x = 1\n", "z = \\", "\ny = 2\n"),
    "a file with a byte order mark": ("\ufeff", "x = 1", "\n"),
}


@pytest.mark.parametrize("name", COMPILES)
def test_what_compiles_is_no_problem(name: str) -> None:
    prefix, completion, suffix = COMPILES[name]
    assert compiles((prefix + completion + suffix).removeprefix("\ufeff"))
    assert ParseContext(Hole(prefix, suffix, "python")).problems(completion) == 0


def test_a_part_begins_where_a_statement_does() -> None:
    assert ParseContext(Hole("@cache\n# talk\nclass", " A:\n    pass\n", "python")).problems("_ = 1\nclass") > 0
    assert ParseContext(Hole("x = '#' + \\\ny", "\n", "python")).problems(" = 2") > 0


def test_a_block_that_the_hole_lacks_is_no_problem_elsewhere() -> None:
    """The compiler reports the line after the comments."""
    context = ParseContext(Hole("def f(a):\n    if a:\n        ", "\n\n    # why\n    # so\n    return a\n", "python"))
    assert context.problems_elsewhere == 0
    assert context.problems("a = 1\n    else:") > 0
    assert context.problems("a = 1") == 0


@pytest.mark.xfail(strict=True, reason="the scanner takes the second line of a short string for code")
def test_after_a_short_string_over_two_lines() -> None:
    assert ParseContext(Hole("x = 'a(\\\nb)' + (\ny", ")\n", "python")).problems(" + 2") == 0


MISSED = {
    "an import from the future, too late": ("x = 1\nf", "rom __future__ import annotations", "\n"),
    "a global name that is used already": ("x = 1\ng", "lobal x", "\n"),
}


@pytest.mark.xfail(strict=True, reason="the part that is compiled begins too late to show it")
@pytest.mark.parametrize("name", MISSED)
def test_what_does_not_compile_is_a_problem(name: str) -> None:
    prefix, completion, suffix = MISSED[name]
    assert not compiles(prefix + completion + suffix)
    assert ParseContext(Hole(prefix, suffix, "python")).problems(completion) > 0


# Other languages: prefix, middle, suffix of files that parse.

SAMPLES = {
    "javascript": (
        "import { a } from 'b';\n\nexport function sum(xs) {\n  let total = 0;\n",
        "  for (const x of xs) {\n    if (x.ok) total += x.price * `${a}`.length;\n  }\n  const [p, q] = [1, () => ({})];\n",
        "  return total;\n}\n\nclass A { #x = 1; get x() { return this.#x } }\n",
    ),
    "typescript": (
        "interface P { x: number }\nfunction f<T extends P>(p: T): number {\n",
        "  const q = p as P;\n  return q?.x ?? 0;\n",
        "}\n\ntype M = { [k in keyof P]?: P[k] };\n",
    ),
    "go": (
        'package main\n\nimport "fmt"\n\nfunc main() {\n\tm := map[string][]int{}\n',
        '\tfor k, v := range m {\n\t\tfmt.Println(k, len(v))\n\t}\n\tgo func() { fmt.Println("é🙂") }()\n',
        "\tif err := f(); err != nil {\n\t\tpanic(err)\n\t}\n}\n\nfunc f() error { return nil }\n",
    ),
    "json": ('{\n  "a": [1, 2.5e3, true],\n', '  "b": {"c": null, "d": [{}, "\\u00e9🙂"]},\n', '  "e": []\n}\n'),
    "java": ("class A {\n  int f(int x) {\n", "    var y = new int[]{x};\n    return y[0] + 1;\n", "  }\n}\n"),
    "c": ("int f(int x) {\n", "  for (int i = 0; i < x; i++) {\n    x += a[i];\n  }\n", "  return x;\n}\n"),
    "cpp": ("template <class T> T f(T x) {\n", "  auto g = [&](auto y) { return x + y; };\n", "  return g(x);\n}\n"),
    "csharp": ("class A {\n  int F(int x) {\n", "    if (x > 1) { return 2; }\n", "    return $\"{x}\";\n  }\n}\n"),
    "rust": ("fn f(x: &str) -> u32 {\n", '    let y = match x { "a" => 1, _ => 2 };\n    y + 1\n', "}\n"),
    "ruby": ("def f(x)\n", "  x.each do |y|\n    puts \"#{y}\"\n  end\n", "end\n"),
    "bash": ("f() {\n", '  if [ -n "$1" ]; then\n    echo "${x[@]}"\n  fi\n', "}\n"),
    "php": ("<?php\nfunction f($x) {\n", "    foreach ($x as $k => $v) { echo $v; }\n", "    return 1;\n}\n"),
    "html": ("<html><body>\n", "<p class=\"a\">é<br>text</p>\n<ul><li>a</li></ul>\n", "</body></html>\n"),
    "css": ("a {\n", "  color: red;\n  margin: 0 1px;\n}\nb > c {\n", "  top: 0;\n}\n"),
    "sql": ("SELECT a, b\n", "FROM t\nWHERE a = 1 AND b IN (1, 2)\n", "ORDER BY a;\n"),
    "yaml": ("a:\n", "  - b: 1\n    c: [1, {d: 2}]\n  - 'é'\n", "e: f\n"),
    "toml": ("[a]\n", "b = [1, 2]\nc = { d = \"e\" }\n", "[f]\ng = 1\n"),
}  # fmt: skip
COUNTED = ("javascript", "go", "json")  # in these the old tree leads to the very same nodes, also around errors


def problems_of_a_fresh_tree(text: str, language: str) -> int:
    grammar = grammar_for(language, text)
    assert grammar is not None
    as_read = text.encode(errors="replace").replace(b"\0", b"\1")  # NULs make some grammars slow
    pending = [Parser(grammar).parse(as_read).root_node]
    found = 0
    while pending:
        node = pending.pop()
        found += node.is_error or node.is_missing
        pending.extend(node.children)
    return found


def growing(middle: str, chance: random.Random) -> list[str]:
    """As a model writes it and as a guard cuts it: longer and longer, shorter again, damaged, another text."""
    ends = sorted(chance.randrange(len(middle) + 1) for _ in range(12))
    cuts = [middle[:end] for end in [*ends, *ends[::-3], len(middle)]]
    return [*cuts, *damaged(middle, middle, chance), "", middle + ")", "\n" + middle, middle]


@pytest.mark.parametrize("language", SAMPLES)
def test_a_growing_text_has_the_problems_of_a_fresh_parse(language: str) -> None:
    prefix, middle, suffix = SAMPLES[language]
    context = ParseContext(Hole(prefix, suffix, language))
    assert context.has_parser
    assert context.problems(middle) == 0
    answers = set()
    for completion in growing(middle, random.Random(language)):
        expected = problems_of_a_fresh_tree(prefix + completion + suffix, language)
        found = context.problems(completion)
        answers.add(found > 0)
        assert (found > 0) == (expected > 0), completion
        if language in COUNTED:
            assert found == expected, completion
    assert answers == {True, False}


# Files that were broken before.

BROKEN = {
    "python": ("class A:\n    def f(:\n        pass\n\n    def g(self):\n        ", "return 1", "return 1 +* 2", "\n"),
    "javascript": ("let x = ;\n\n\nfunction g() {\n  ", "return 1;", "return 1 +* ;", "\n}\n"),
    "json": ('{"a": [1,, 2],\n\n"b": ', "{}", "{,}", "\n}\n"),
    "go": ("package main\n\nfunc f( {\n}\n\nfunc g() int {\n\t", "return 1", "return (", "\n}\n"),
}


@pytest.mark.parametrize("language", BROKEN)
def test_next_to_broken_code_added_problems_are_noticed(language: str) -> None:
    prefix, good, bad, suffix = BROKEN[language]
    context = ParseContext(Hole(prefix, suffix, language))
    assert 0 < context.problems(good) <= context.problems_elsewhere
    assert context.problems(bad) > context.problems_elsewhere


@pytest.mark.parametrize("language", ["python", "javascript", "go", "json"])
def test_nothing_is_broken_elsewhere_where_all_parses(language: str) -> None:
    prefix, suffix = ("x = 1\n\n", "\n\ny = 2\n") if language == "python" else SAMPLES[language][::2]
    assert ParseContext(Hole(prefix, suffix, language)).problems_elsewhere == 0


def test_a_problem_at_the_hole_is_not_elsewhere() -> None:
    """It is what the completion has to solve."""
    context = ParseContext(Hole("x = 1\ny = ", "\nz = 3\n", "python"))
    assert context.problems_elsewhere == 0
    assert context.problems("2") == 0
    assert context.problems("") > 0


@pytest.mark.parametrize(
    ("language", "prefix", "completion", "no_worse"),
    [
        ("javascript", "function f() {\n  if (x) {\n    ", "g();", True),
        ("javascript", "function f() {\n  if (x) {\n    ", "g(", False),
        ("javascript", "function f() {\n  if (x) {\n    ", 'g("a', False),
        ("javascript", "function f() {\n  if (x) {\n    ", "for (;;) {", False),
        ("go", "package main\n\nfunc f() {\n\t", "x := 1", True),
        ("json", '{"a": [', "1, 2", True),
        ("python", "def f(x):\n    g(", "1", False),
    ],
)
def test_blocks_around_the_cursor_may_be_open_still(
    language: str, prefix: str, completion: str, no_worse: bool
) -> None:
    context = ParseContext(Hole(prefix, "", language))
    problems = context.problems(completion)
    assert problems > 0
    assert context.is_no_worse(completion, problems) is no_worse


def test_more_problems_than_before_are_worse() -> None:
    context = ParseContext(Hole("function f() {\n  ", "", "javascript"))
    assert context.is_no_worse("g();", 1)
    assert not context.is_no_worse("g();", 1_000)


# Odd input.

NESTED = {"brackets": "(" * 10_000, "braces": "{" * 10_000, "square ones": "[" * 10_000}
LANGUAGES = ("python", *SAMPLES)


@pytest.mark.parametrize("language", ["java", "csharp", "bash", "cpp", "html"])
@pytest.mark.timeout(20)
def test_a_text_that_takes_too_long_to_parse_is_given_up(language: str) -> None:
    start = time.thread_time()
    context = ParseContext(Hole("", "\n", language), ParsingTime(0.3))
    for more in range(20):
        context.problems("<" * (50_000 + more))
    assert time.thread_time() - start < 1


@pytest.mark.parametrize("text", ["😀" * 20_000, "😀" * 1_000 + "\n" + "😀" * 19_000], ids=["a line", "two lines"])
@pytest.mark.timeout(20)
def test_a_scanner_that_runs_to_the_end_from_each_place_is_stopped(text: str) -> None:
    """Dart's: it asks whether to go on only when it is done, which is after some minutes."""
    start = time.thread_time()
    context = ParseContext(Hole(text, "\n", "dart"), ParsingTime(0.3))
    context.problems("x")
    assert context.is_too_large
    assert time.thread_time() - start < 1


@pytest.mark.parametrize("language", ["bash", "svelte"])
@pytest.mark.timeout(20)
def test_a_run_of_nuls_does_not_stop_a_scanner(language: str) -> None:
    start = time.monotonic()
    ParseContext(Hole("\0" * 20_000, "\0" * 20_000, language)).problems("\0" * 20_000)
    assert time.monotonic() - start < 8


def test_after_a_text_that_took_too_long_no_other_is_parsed() -> None:
    context = ParseContext(Hole("", "\n", "bash"), ParsingTime(0.2))
    assert context.problems("echo a") == 0
    assert context.problems("<" * 100_000) > 1_000_000
    assert context.is_too_large
    assert context.problems("echo b") > 1_000_000


def test_a_python_statement_that_is_too_long_for_the_compiler_is_parsed_as_other_languages_are() -> None:
    body = "".join(f"    def f{i}(self, a, b):\n        return self.g(a + b[0])\n\n" for i in range(1_000))
    context = ParseContext(Hole(f"class A:\n{body}    def g(self):\n        ", "\n", "python"))
    assert context.problems("return 1") == 0
    assert context.problems("return (") > 0
    assert context.problems("break") == 0  # the compiler would refuse it


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NESTED)
@pytest.mark.timeout(20)
def test_deep_brackets_are_answered(name: str, language: str) -> None:
    text = NESTED[name]
    context = ParseContext(Hole("", "\n", language))
    problems = context.problems(text)
    assert problems > 0 or language in ("html", "yaml")
    assert all(len(closer) <= 2 * len(text) + 100 for closer in context.closers(text))
    context = ParseContext(Hole(text, text, language))
    assert context.problems("a") >= 0


@pytest.mark.parametrize(
    ("name", "prefix", "completion", "suffix", "parses"),
    [
        ("CRLF", "def f():\r\n    ", "return 1", "\r\n\r\ny = 2\r\n", True),
        ("CRLF, a broken line", "def f():\r\n    ", "return (", "\r\n\r\ny = 2\r\n", False),
        ("tabs", "def f():\n\t", "return 1", "\n\treturn 2\n", True),
        ("tabs and spaces", "def f():\n\t", "x = 1", "\n        return 2\n", False),
        ("form feeds", "x = 1\n\x0c\ny", " = 2", "\n\x0cdef f():\n    pass\n", True),
        ("emoji", "x = '🙂'\n", 'y = "🙂"', "\nz = '🙂'\n", True),
        ("an emoji as a name", "x = 1\n", "🙂 = 2", "\n", False),
        ("other alphabets", "é = 1\n", "変数 = é", "\n", True),
        ("NUL", "x = 1\n", "y = '\x00'", "\n", False),
        ("a lone surrogate", "x = 1\n", "y = '\ud800'", "\n", False),
        ("empty", "", "", "", True),
        ("no line break at the end", "x = ", "1", "", True),
    ],
)
def test_odd_python(name: str, prefix: str, completion: str, suffix: str, parses: bool) -> None:
    assert (ParseContext(Hole(prefix, suffix, "python")).problems(completion) == 0) is parses


def test_python_around_what_cannot_be_compiled_is_parsed_all_the_same() -> None:
    """The compiler only refuses; tree-sitter counts the problems."""
    context = ParseContext(Hole("x = [\n    '\ud800',\n\n    ", "\n\n    2,\n]\n", "python"))
    assert 0 < context.problems("1,") <= context.problems_elsewhere


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\udfff\ud800", "\ufeff", "\x0c", "\r", "\u2028", "🙂", "e\u0301"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_odd_characters_are_answered_like_a_fresh_parse(language: str, odd: str) -> None:
    prefix, middle, suffix = SAMPLES.get(language, ("def f():\n", "    x = 1\n", "    return 2\n"))
    context = ParseContext(Hole(prefix, suffix, language))
    for completion in (odd, middle + odd, odd + middle):
        found = context.problems(completion)
        if language == "python":
            assert (found == 0) is compiles(prefix + completion + suffix)
        else:
            assert (found == 0) is (problems_of_a_fresh_tree(prefix + completion + suffix, language) == 0)
    assert context.problems(middle) == 0


@pytest.mark.parametrize("language", [None, "text", "nonesuch", "markdown"])
def test_a_language_without_a_grammar_has_no_parser(language: str | None) -> None:
    context = ParseContext(Hole("( [", "}", language))
    assert not context.has_parser
    assert context.undefined("nobody") == []
