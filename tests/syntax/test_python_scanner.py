"""Which lines of Python are continued: the scanner against the standard library's tokenizer."""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
from pathlib import Path

import pytest

from sfm2.syntax.python_scanner import PythonScanner

STDLIB = Path(sysconfig.get_paths()["stdlib"])
MODULES = (
    *("argparse.py", "ast.py", "configparser.py", "csv.py", "dataclasses.py", "enum.py", "difflib.py", "doctest.py"),
    *("heapq.py", "gettext.py", "json/decoder.py", "pickle.py", "shlex.py", "string.py", "textwrap.py", "tokenize.py"),
)
LAYOUT = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def continued_lines(text: str) -> set[int]:
    """By `tokenize`: the lines, from 1, whose statement is continued on the next line."""
    found: set[int] = set()
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            found.update(range(first, token.start[0]))
            first = 0
        elif token.type not in LAYOUT and not first:
            first = token.start[0]
    return found


def scanned(text: str) -> set[int]:
    lines = PythonScanner()
    found = set()
    for number, line in enumerate(text.split("\n"), start=1):
        lines.feed(line)
        if lines.is_continued:
            found.add(number)
    return found


def text_of(module: str) -> str:
    return (STDLIB / module).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_lines_are_continued_as_the_tokenizer_says(module: str) -> None:
    text = text_of(module)
    expected = continued_lines(text)
    assert expected
    assert scanned(text) == expected


SMALL = [module for module in MODULES if len(text_of(module)) < 40_000]


@pytest.mark.parametrize("module", SMALL)
def test_the_last_top_level_statement_begins(module: str) -> None:
    """Asked at the end of each such statement's first line, and of its last."""
    text = text_of(module)
    lines = text.splitlines(keepends=True)
    begins = [0]
    for line in lines:
        begins.append(begins[-1] + len(line))
    for node in ast.parse(text).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        if "__future__" in lines[first - 1]:
            continue
        for last in {first, node.end_lineno or first}:
            prefix = text[: begins[last] - 1]
            assert PythonScanner.after(prefix).statement_start == begins[first - 1], (first, last)


@pytest.mark.parametrize(
    ("line", "is_continued"),
    [
        ("x = 1", False),
        ("x = [", True),
        ("x = [']'", True),
        ("x = '['", False),
        ("x = 1  # [", False),
        ("x = 1  # it's \\", False),
        ("x = 1 + \\", True),
        ("x = 1 + \\\r", True),
        ('x = """', True),
        ('x = """ # """', False),
        ("""x = '\\"\\"\\"'""", False),
        ('x = """ \\"""', True),
        ('x = """ \\\\"""', False),
        ('x = rb"""', True),
        ("x = '", False),
        ("x = ')' + (", True),
        ("x = ]", False),
        ("\tx = {**a, 'b': [", True),
        ("\x0cdef f(", True),
        ("", False),
    ],
)
def test_one_line(line: str, is_continued: bool) -> None:
    lines = PythonScanner()
    lines.feed(line)
    assert lines.is_continued is is_continued


def test_quotes_of_the_other_kind_do_not_end_a_long_string() -> None:
    lines = PythonScanner()
    lines.feed('x = """')
    for line in ["'''", "# no comment", "(", 'def f():  # "']:
        lines.feed(line)
        assert lines.in_string
        assert lines.quotes == '"""'
    lines.feed('""" + (')
    assert not lines.in_string
    assert lines.is_continued


@pytest.mark.parametrize("line", ["def f():", "async def f():", "class A:", "import os", "@decorated"])
def test_a_bracket_left_open_ends_at_the_next_definition(line: str) -> None:
    lines = PythonScanner.after("x = (\n    1,\n")
    assert lines.is_continued
    lines.feed(line)
    assert not lines.is_continued


def test_a_copy_is_independent() -> None:
    lines = PythonScanner.after("x = (\n")
    other = lines.copy()
    other.feed(")")
    assert lines.is_continued
    assert not other.is_continued


@pytest.mark.parametrize("line", ["", "    x = 1", "# talk", ")", "]", "else:", "elif x:", "except E:", "finally:"])
def test_lines_that_start_no_statement(line: str) -> None:
    assert PythonScanner.after(f"x = 1\ny = 2\n{line}\n").statement_start == len("x = 1\n")


@pytest.mark.parametrize("line", ["z = 1", "elsewhere = 1", "(a or b)()", "'''text'''", "@decorated", "import os"])
def test_lines_that_start_a_statement(line: str) -> None:
    assert PythonScanner.after(f"x = 1\ny = 2\n{line}\n").statement_start == len("x = 1\ny = 2\n")


def test_a_decorated_definition_begins_with_its_decorator() -> None:
    assert PythonScanner.after("x = 1\n@one(\n    2\n)\ndef f():\n    ").statement_start == len("x = 1\n")


@pytest.mark.parametrize("line", ["x = '#' + \\", 'return "<%s at %#x>" % \\'])
def test_a_backslash_after_a_number_sign_in_a_string(line: str) -> None:
    lines = PythonScanner()
    lines.feed(line)
    assert lines.is_continued


@pytest.mark.xfail(
    strict=True, reason="a short string that a backslash continues is scanned as code in its second line"
)
def test_a_short_string_over_two_lines() -> None:
    text = "x = 'a(\\\nb)' + (\n    1)\n"
    assert continued_lines(text) == {1, 2}
    assert scanned(text) == {1, 2}


def test_a_comment_after_a_decorator() -> None:
    assert PythonScanner.after("x = 1\n@one\n# talk\ndef f():\n    ").statement_start == len("x = 1\n")


def test_a_bracket_too_many_does_not_hide_the_next_one() -> None:
    lines = PythonScanner.after("x = ]])\n")
    lines.feed("y = (")
    assert lines.is_continued
