"""What is known of the hole before a model is asked."""

from __future__ import annotations

import pytest

from sfm2.syntax.hole import Hole, HoleKind


@pytest.mark.parametrize(
    ("prefix", "suffix", "kind"),
    [
        ("", "", "new_line"),
        ("", "x = 1\n", "new_line"),
        ("x = 1\n", "", "new_line"),
        ("def f():\n    ", "\n", "new_line"),
        ("def f():\n    ", "return 1\n", "new_line"),
        ("def f():\r\n\t", "\r\n", "new_line"),
        ("x = ", "", "line_end"),
        ("x = ", "\ny = 2\n", "line_end"),
        ("x = ", "  \t\ny = 2\n", "line_end"),
        ("x = ", "\r\ny = 2\r\n", "line_end"),
        ("print(", ")", "middle"),
        ("print(", ")\n", "middle"),
        ("na", "me = 1\n", "middle"),
        ("    🙂", "é", "middle"),
    ],
)
def test_kind(prefix: str, suffix: str, kind: HoleKind) -> None:
    assert Hole(prefix, suffix, "python").kind == kind


@pytest.mark.parametrize(
    ("prefix", "suffix", "head", "tail"),
    [
        ("", "", "", ""),
        ("a = 1\nb = ", "2\nc = 3\n", "b = ", "2"),
        ("a = 1\n    ", "\n", "    ", ""),
        ("a = 1\r\nb = ", "2 \r\nc = 3\r\n", "b = ", "2 "),
        ("a = 1\r\n", "b = 2", "", "b = 2"),
        ("\tx", "y\t\n", "\tx", "y\t"),
        ("coun", "ter += 1", "coun", "ter += 1"),
    ],
)
def test_the_cursors_line(prefix: str, suffix: str, head: str, tail: str) -> None:
    hole = Hole(prefix, suffix)
    assert (hole.head, hole.tail) == (head, tail)


@pytest.mark.parametrize(
    ("prefix", "suffix", "newline"),
    [
        ("", "", "\n"),
        ("x = 1", "", "\n"),
        ("x = 1\n", "\n", "\n"),
        ("x = 1\r\n", "", "\r\n"),
        ("x = ", "\r\ny = 2\r\n", "\r\n"),
        ("a\r\nb\r\nc\n", "", "\r\n"),
        ("a\r\nb\n", "", "\n"),
        ("a\rb\r", "", "\n"),
        ("a\n" * 100_000 + "b\r\n" * 10_000, "", "\r\n"),
    ],
)
def test_the_files_line_break_is_that_of_most_lines_nearby(prefix: str, suffix: str, newline: str) -> None:
    assert Hole(prefix, suffix).newline == newline


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        ("", ""),
        ("\n \n\t\n", ""),
        ("\n\n    return x  \nmore\n", "    return x"),
        (")\nmore\n", ")"),
        ("  \nmore", "more"),
        ("\r\n\r\n\tb()\r\n", "\tb()"),
    ],
)
def test_the_next_line_is_the_first_that_is_not_blank(suffix: str, line: str) -> None:
    assert Hole("x = 1", suffix).next_line == line


@pytest.mark.parametrize(
    ("prefix", "quotes"),
    [
        ("", None),
        ("x = 1\n", None),
        ("x = '''", "'''"),
        ('def f():\n    """Says\n    more ', '"""'),
        ('x = """a""" ', None),
        ('x = """a""" + """b', '"""'),
        ("x = '''\n\"\"\"", "'''"),
        ("x = '''\n\"\"\"\n''' + \"\"\"", '"""'),
        ('x = f"""{a[', '"""'),
        ('x = rb"""', '"""'),
        ("x = 'a", None),
        ("# '''", None),
        ("x = '''\n\n", "'''"),
        ("x = '''\\'''", "'''"),
        ("x = ('''\n'''\n", None),
        ("x = '''\r\ny\r\n", "'''"),
    ],
)
def test_the_triple_quoted_string_that_the_cursor_is_in(prefix: str, quotes: str | None) -> None:
    assert Hole(prefix, "", "python").quotes == quotes


def test_long_strings_are_known_for_python_only() -> None:
    assert Hole("x = '''", "", "javascript").quotes is None


@pytest.mark.parametrize(
    ("prefix", "is_continued"),
    [
        ("x = (\n", True),
        ("x = (\n    1", True),
        ("x = (", False),
        ("x = (\n1)\n", False),
        ("x = 1 + \\\n", True),
        ("x = '''\n", True),
        ("x = '''\n'''\n", False),
        ("", False),
    ],
)
def test_what_is_open_where_the_cursors_line_begins(prefix: str, is_continued: bool) -> None:
    assert Hole(prefix, "", "python").scanner.is_continued is is_continued


@pytest.mark.parametrize(
    ("prefix", "level"),
    [
        ("", None),
        ("x = 1\n", None),
        ("x = 1\ny", None),
        ("def f():\n", 0),
        ("def f():\n    ", 0),
        ("def f():  # why\n    ", 0),
        ("def f():\n    x = 1\n\n    y", 0),
        ("def f():\n    x = 1\n\n\n", 0),
        ("class A:\n    def f(self):\n        return 1\n\n    ", 0),
        ("class A:\n    def f(self):\n        ", 4),
        ("class A:\n    def f(self):\n", 4),
        ("if x:\n    a()\nelse:\n    ", 0),
        ("def f():\n    return [\n        ", 4),
        ("for x in y: pass\n", None),
        ("def f():\n\tif x:\n\t\t", 8),
        ("def f():\r\n    if x:\r\n        ", 4),
        ("    x = 1\n    ", None),
    ],
)
def test_the_level_of_what_opened_the_block_in_python(prefix: str, level: int | None) -> None:
    assert Hole(prefix, "", "python").level == level


@pytest.mark.parametrize(
    ("language", "prefix", "level"),
    [
        ("javascript", "function f() {\n  if (x) {\n    ", 2),
        ("javascript", "function f() {\n  return 1;\n", 0),
        ("javascript", "f(function () { // why\r\n  ", 0),
        ("go", "func f() {\n\tfor {\n\t\tx := 1\n\t\t", 8),
        ("ruby", "def f\n  if x\n    ", 2),
        ("bash", "if true; then\n  ", 0),
        ("css", "a {\n  color: red;\n", 0),
        ("nonesuch", "a {\n  ", 0),
        (None, "a {\n  ", 0),
    ],
)
def test_the_level_in_other_languages(language: str | None, prefix: str, level: int | None) -> None:
    assert Hole(prefix, "", language).level == level


def test_the_nearest_line_with_less_indentation_opens_the_block() -> None:
    hole = Hole("class A:\n    def f(self):\n        if x:\n\n            y = 1\n", "", "python")
    assert hole.opener_below(12) == 8
    assert hole.opener_below(8) == 4
    assert hole.opener_below(4) == 0
    assert hole.opener_below(0) is None


@pytest.mark.xfail(strict=True, reason="the scanner takes the second line of a short string for code")
def test_a_short_string_over_two_lines_opens_no_long_one() -> None:
    assert Hole("x = 'a\\\n'''", "", "python").quotes is None


@pytest.mark.parametrize(
    ("prefix", "suffix", "between"),
    [
        ("xs = [\n    1,\n    ", "\n    3,\n]\n", True),
        ("  - a\n  ", "\n  - c\n", True),
        ("import os\n", "\nimport sys\n", True),
        ("    f(a)\n    ", "\n    f(c)\n", True),
        ("    f(a)\n    ", "\n    g(c)\n", False),
        ("    f(a)\n    ", "\n\nf(c)\n", False),
        ("def f(x):\n", "\ndef g(x):\n", False),
        ("xs = [\n    1,\n    x", "\n    3,\n]\n", False),
        ("", "\n    3,\n", False),
    ],
)
def test_where_a_hole_is_between_items(prefix: str, suffix: str, between: bool) -> None:
    assert Hole(prefix, suffix).is_between_items is between
