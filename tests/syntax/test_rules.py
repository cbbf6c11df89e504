"""Each rule by itself: what it cuts, what it might still cut, and what it drops when the model stops by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.syntax.guard import Guard, guarded
from sfm2.syntax.hole import Hole
from sfm2.syntax.rules import ORDER, rules_for
from sfm2.syntax.rules.base import Draft, Restart, Rule
from sfm2.syntax.rules.block_end import LINES_BEYOND, BlockEnd
from sfm2.syntax.rules.chatter import Chatter
from sfm2.syntax.rules.hidden_character import HIDDEN
from sfm2.syntax.rules.line_end import LineEnd
from sfm2.syntax.rules.repetition import (
    BLANK_LINES,
    LONGEST_LINE,
    LONGEST_PERIOD,
    ROUNDS,
    WORDLESS_ROUNDS,
    Repetition,
    loop_in_line,
)
from sfm2.syntax.rules.suffix_begins import SuffixBegins
from sfm2.types import GuardAction, GuardReason, Mode


@dataclass
class Outcome:
    """What one rule did to a text."""

    rule: Rule
    text: str
    cut: str | None = None
    """What is left, if the rule cut."""
    restarted: bool = False
    """Whether the rule asked to begin again with the next line."""
    certain: str | None = None
    """What could be sent before the text was over, if the rule might still have cut the rest."""

    def finish(self, model_stopped: bool) -> str | None:
        end = self.rule.finish(model_stopped)
        return None if end is None else self.text[:end]


def apply(rule: Rule, text: str, fits: bool = True, holds_code: bool = True, can_restart: bool = False) -> Outcome:
    """Feed it line by line, as the guard does. `fits`, `holds_code`: what the parser says, always."""
    start = 0
    for number, piece in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text)):
        line = piece.removesuffix("\n")
        draft = Draft(
            *(line, start, number, line != piece, lambda _: fits, lambda _: fits, lambda _: holds_code),
            open_unseen=lambda _: 0,
            is_unsure=False,
            can_restart=can_restart,
        )
        cut = rule.cut(draft)
        if isinstance(cut, Restart):
            return Outcome(rule, text, restarted=True)
        if cut is not None:
            return Outcome(rule, text, text[:cut])
        start += len(piece)
    cut = rule.tentative_cut()
    return Outcome(rule, text, certain=None if cut is None else text[:cut])


def test_rules_are_new_for_each_completion_and_in_order() -> None:
    hole = Hole("x = 1\n", "", "python")
    first, second = rules_for(hole, Mode.BLOCK), rules_for(hole, Mode.BLOCK)
    assert [type(rule) for rule in first] == list(ORDER)
    assert not set(map(id, first)) & set(map(id, second))


def test_each_rule_is_the_file_of_its_reason_and_their_order_is_that_of_the_reasons() -> None:
    names = [
        "hidden_character",
        "line_end",
        "chatter",
        "own_import",
        "suffix_begins",
        "block_end",
        "repetition",
        "unsure_line",
    ]
    assert [rule.reason for rule in ORDER] == names
    assert [rule.__module__.rpartition(".")[2] for rule in ORDER] == [rule.reason for rule in ORDER]


# HiddenCharacter


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("python", 'if access != "user\u202e \u2066# admin\u2069 \u2066":\n    allow()\n', ""),
        ("python", "x = 1\ny = 2\x1b[2J\nz = 3\n", "x = 1"),
        ("javascript", "let a = 1;\n/*\u202e } \u2066if (isAdmin)\u2069 \u2066 begin */\n", "let a = 1;"),
        (None, "first\nsecond \u202bthird\n", "first"),
        ("python", "x = '\u05e9\u200f'\nif x:\n\tpass\n", "x = '\u05e9\u200f'\nif x:\n\tpass"),
    ],
)
def test_a_completion_ends_before_a_character_that_hides_something(language: str | None, text: str, left: str) -> None:
    guard = Guard(Hole("", "", language), Mode.FREE, streams=False)
    guard.feed(text)
    guard.finish()
    assert guard.text == left
    assert (GuardReason.HIDDEN_CHARACTER in guard.report.reasons) is (left != text.rstrip())


@given(
    st.sampled_from(["python", "javascript", "yaml", None]),
    st.sampled_from(list(Mode)),
    st.lists(st.text("ab =({\"'\n\t #\x00\x1b\x7f\x9b\u202e\u2066\u2069", max_size=12), max_size=8),
)
def test_none_is_ever_sent(language: str | None, mode: Mode, pieces: list[str]) -> None:
    guard = Guard(Hole("a = 1\n", "\nb = 2\n", language), mode)
    sent = "".join(guard.feed(piece) for piece in pieces) + guard.finish()
    assert HIDDEN.search(sent) is None


# OwnImport


@pytest.mark.parametrize(
    ("hole", "text", "left"),
    [
        (
            Hole("", "\n\nexport class Queue<T> {}\n", "typescript"),
            "import { Queue } from './queue';\nlet a;\n",
            "let a;\n",
        ),
        (
            Hole("", "\n\nexport function make() {}\n", "javascript"),
            "let a;\nimport make from '../make';\n",
            "let a;\n",
        ),
        (Hole("import os\n", "\n\nclass Queue:\n    pass\n", "python"), "from queue import Queue as Q\nx = Q\n", None),
        (
            Hole("import os\n", "\n\nclass Queue:\n    pass\n", "python"),
            "from q import Queue\nimport sys\n",
            "import sys\n",
        ),
        (Hole("", "\n\nconst react = 1;\n", "javascript"), "import react from 'react';\n", None),
    ],
)
def test_what_the_file_defines_is_not_imported(hole: Hole, text: str, left: str | None) -> None:
    guard = Guard(hole, Mode.BLOCK, streams=False)
    guard.feed(text)
    guard.finish()
    assert guard.text == (text if left is None else left).rstrip()
    assert (GuardReason.OWN_IMPORT in guard.report.reasons) is (left is not None)


# LineEnd


@pytest.mark.parametrize(
    ("prefix", "language", "text", "left"),
    [
        ("x = ", "python", "1\ny = 2\n", "1\n"),
        ("x = ", "python", "1", None),
        ("", "python", "\n\nx = 1\ny = 2\n", "\n\nx = 1\n"),
        ("x = ", "python", "[\n    1,\n]\ny = 2\n", "[\n    1,\n]\n"),
        ("x = [", "python", "1,\n    2,\n]\ny = 2\n", "1,\n    2,\n]\n"),
        ("x = ", "python", "'''\na\n''' + \\\n    b\ny = 2\n", "'''\na\n''' + \\\n    b\n"),
        ("x = ", "python", "']' + [\n1]\ny\n", "']' + [\n1]\n"),
        ("if x", "python", ":\n    y = 1\n", ":\n"),
        ("f(", "javascript", "\n  1);\ng();\n", "\n  1);\n"),
        ("x = ", None, "1\n2\n", "1\n"),
    ],
)
def test_one_line_is_one_line(prefix: str, language: str | None, text: str, left: str | None) -> None:
    assert apply(LineEnd(Hole(prefix, "", language), Mode.LINE), text).cut == left


@pytest.mark.parametrize("mode", [Mode.FUNCTION, Mode.FREE])
def test_in_other_modes_a_line_is_no_end(mode: Mode) -> None:
    assert apply(LineEnd(Hole("x = ", "\n", "python"), mode), "1\ny = 2\n").cut is None


@pytest.mark.parametrize(
    ("hole", "text", "left"),
    [
        (Hole("  a: ", "\n  c: 3\n", "yaml"), "1\n  b: 2\n", "1\n"),
        (Hole("x = ", "\n", "javascript"), "1;\ny = 2;\n", "1;\n"),
        (Hole("import ", "\n", None), "os\nimport sys\n", "os\n"),
        (Hole("x = ", "\n", "python"), "f(\n    1,\n)\ny = 2\n", "f(\n    1,\n)\n"),
        (Hole("for x", "\n        f(x)\n", "python"), " in xs:\n    g(x)\n", " in xs:\n"),  # its block is there
        (Hole("for x", "\n", "python"), " in xs:\n    g(x)\n", None),
        (Hole("x = 1 +", "\n", "javascript"), " 2 +\n  3;\n", None),
        (Hole("// later", "\n", "javascript"), "\nx = 1;\ny = 2;\n", None),
        (Hole("    ", "\n", "python"), "x = 1\n    y = 2\n", None),
        (Hole("A long", "\n", "markdown"), " sentence that\ngoes on.\n", None),
    ],
)
def test_at_the_end_of_a_line_its_statement_is_completed(hole: Hole, text: str, left: str | None) -> None:
    assert apply(LineEnd(hole, Mode.BLOCK), text).cut == left


def test_a_statement_goes_on_where_the_file_would_not_parse_without() -> None:
    prefix, suffix = "SELECT customer, ", "\nGROUP BY customer;\n"
    text, report = guarded("SUM(total) AS paid\nFROM orders\n", prefix=prefix, suffix=suffix, language="sql")
    assert text == "SUM(total) AS paid\nFROM orders"
    assert report.parses


def test_the_block_that_the_cursors_line_opens_is_part_of_its_statement() -> None:
    hole = Hole("def f(xs):\n    for x", "\n", "python")
    text, report = guarded(" in xs:\n        g(x)\n    h(xs)\n", prefix=hole.prefix, suffix="\n", language="python")
    assert text == " in xs:\n        g(x)"
    assert GuardReason.BLOCK_END in report.reasons


@pytest.mark.parametrize(
    ("language", "tail"),
    [
        *(("python", "  # why"), ("javascript", " // why"), ("sql", " -- why"), ("c", " /* why */")),
        *(("html", "<!-- why -->"), ("php", " # why"), (None, " -- why"), ("text", " # why")),
    ],
)
def test_a_comment_after_the_cursor_asks_for_one_line_in_any_mode(language: str, tail: str) -> None:
    for mode in Mode:
        assert apply(LineEnd(Hole("x = ", tail + "\n", language), mode), "1;\ny = 2;\n").cut == "1;\n"


@pytest.mark.parametrize("tail", [")", "  y # why", " // 2", " -- 1"])
def test_other_code_after_the_cursor_does_not(tail: str) -> None:
    assert apply(LineEnd(Hole("x = ", tail + "\n", "python"), Mode.BLOCK), "1\ny = 2\n").cut is None


def test_a_line_continued_after_a_short_string() -> None:
    text, _ = guarded("'%x' % \\\n    y\nz = 1\n", prefix="x = ", language="python", mode=Mode.LINE)
    assert text == "'%x' % \\\n    y"


def test_a_line_continued_after_a_number_sign_in_a_string() -> None:
    text, _ = guarded("'%#x' % \\\n    y\nz = 1\n", prefix="x = ", language="python", mode=Mode.LINE)
    assert text == "'%#x' % \\\n    y"


def test_a_line_continued_by_the_brackets_before_the_cursor() -> None:
    text = "\n    1,\n]\n"
    assert apply(LineEnd(Hole("x = [", "", "python"), Mode.LINE), text + "y = 2\n").cut == text


# Chatter


@pytest.mark.parametrize("fence", ["```", "```python", "  ```", "~~~", "````c++", "```  "])
def test_a_fence_ends_code(fence: str) -> None:
    text = f"x = 1\n{fence}\nThat was it.\n"
    assert apply(Chatter(Hole("", "", "python"), Mode.BLOCK), text).cut == "x = 1\n"
    assert apply(Chatter(Hole("", "", "go"), Mode.FREE), text).cut == "x = 1\n"


@pytest.mark.parametrize("line", ["`a`", "x = '```'", "``", "``` and talk", "# ```"])
def test_not_every_backtick_is_a_fence(line: str) -> None:
    assert apply(Chatter(Hole("", "", "python"), Mode.BLOCK), f"x = 1\n{line}\ny = 2\n").cut is None


@pytest.mark.parametrize(
    "hole", [Hole("", "", "markdown"), Hole("", "", "text"), Hole("Usage::\n\n```\nx\n```\n\n", "", None)]
)
def test_where_fences_belong_they_stay(hole: Hole) -> None:
    assert apply(Chatter(hole, Mode.BLOCK), "a\n```\nb\n").cut is None


@pytest.mark.parametrize("language", ["python", "lua", None])
def test_in_code_of_any_language_a_fence_ends_the_completion(language: str | None) -> None:
    assert apply(Chatter(Hole("a\n", "", language), Mode.BLOCK), "b\n```\nc\n").cut == "b\n"


@pytest.mark.parametrize("language", ["bash", "python", "lua", None])
def test_so_does_a_sentence(language: str | None) -> None:
    essay = "run b\n\nThis setup uses Go to build the application, and then runs it:\nmore\n"
    assert apply(Chatter(Hole("run a\n", "", language), Mode.BLOCK), essay).cut == "run b\n\n"


@pytest.mark.parametrize(
    ("hole", "text"),
    [
        (
            Hole("# Notes\n\nThis is a text of words, and it goes on.\n\n", "", None),
            "So is this one, as you can see.\n",
        ),
        (Hole("", "", "markdown"), "This is a text of words, and it goes on.\n"),
        (Hole("cat <<EOF\n", "", "bash"), "This tells how to use it, and what it is for.\nEOF\n"),
        (Hole("/*\n", "", "go"), "This tells how to use it, and what it is for.\n*/\n"),
        (Hole("x = 1\n", "", "python"), "# This tells how to use it, and what it is for.\n"),
        (Hole("", "", "sql"), "Select the_name from the_table where the_id in (1);\n"),
    ],
)
def test_what_is_no_talk(hole: Hole, text: str) -> None:
    assert apply(Chatter(hole, Mode.BLOCK), text).cut is None


def test_a_fence_within_a_long_string_of_python_belongs_to_it() -> None:
    inside = '"""Like so:\n```\nf()\n```\n"""\nx = 1\n'
    assert apply(Chatter(Hole("def f():\n    ", "", "python"), Mode.BLOCK), inside).cut is None
    assert apply(Chatter(Hole('"""Like so:\n', "", "python"), Mode.BLOCK), "```\nf()\n```\n").cut is None
    assert apply(Chatter(Hole("", "", "python"), Mode.BLOCK), inside + "```\n").cut == inside


def test_the_head_of_the_cursors_line_counts() -> None:
    assert apply(Chatter(Hole("x = `", "", "javascript"), Mode.BLOCK), "``\n").cut is None


def test_a_fence_before_the_code_restarts_the_completion() -> None:
    def rule() -> Chatter:
        return Chatter(Hole("", "", "python"), Mode.FREE)

    assert apply(rule(), "Sure:\n```python\n", holds_code=False, can_restart=True).restarted
    assert apply(rule(), "Sure:\n```python\n", holds_code=False, can_restart=False).cut == "Sure:\n"
    assert apply(rule(), "x = 1\n```\n", holds_code=True, can_restart=True).cut == "x = 1\n"


def test_a_fence_on_the_cursors_line_restarts_nothing() -> None:
    rule = Chatter(Hole("`", "", "javascript"), Mode.FREE)
    assert apply(rule, "``\n", holds_code=False, can_restart=True).cut == ""


def test_talk_before_a_fence_is_not_the_code() -> None:
    text, report = guarded("Sure:\n```python\nx = 1\n```\nDone.", prefix="", language="python", mode=Mode.FREE)
    assert text == "x = 1"
    assert report.reasons == [GuardReason.CHATTER]


# SuffixBegins

AREA = Hole("def area(r):\n    pi = 3.14\n", "    return pi * r * r\n", "python")


def test_the_suffixs_first_line_ends_the_completion() -> None:
    text = "    r = abs(r)\n    return pi * r * r\nmore\n"
    assert apply(SuffixBegins(AREA, Mode.BLOCK), text).cut == "    r = abs(r)\n"


def test_blank_lines_before_it_do_not_hide_it() -> None:
    hole = Hole("x = 1\n", "\n\n\ny = compute(x)\n", "python")
    assert apply(SuffixBegins(hole, Mode.BLOCK), "z = 2\ny = compute(x)\n").cut == "z = 2\n"


@pytest.mark.parametrize("line", ["    return pi * r * r + 1", "        return pi * r * r"])
def test_a_line_that_is_only_similar_is_suspected_until_the_end(line: str) -> None:
    outcome = apply(SuffixBegins(AREA, Mode.BLOCK), f"    r = abs(r)\n{line}\n")
    assert outcome.cut is None
    assert outcome.certain == "    r = abs(r)\n"
    assert outcome.finish(model_stopped=False) == "    r = abs(r)\n"
    assert outcome.finish(model_stopped=True) is None


def test_proof_after_a_suspicion_cuts_at_the_suspicion() -> None:
    text = "    r = abs(r)\n    return pi * r * r + 1\n    return pi * r * r\n"
    assert apply(SuffixBegins(AREA, Mode.BLOCK), text).cut == "    r = abs(r)\n"


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("", "    return pi * r * r\n"),
        ("\n \n", "    return pi * r * r\n"),
        ("}\n", "x\n    }\n"),  # too short to be distinctive
        ("    return pi * r * r\n", "    return 2\n    print(r)\n"),
    ],
)
def test_what_raises_no_suspicion(suffix: str, text: str) -> None:
    outcome = apply(SuffixBegins(Hole(AREA.prefix, suffix, "python"), Mode.BLOCK), text)
    assert outcome.cut is None
    assert outcome.certain is None
    assert outcome.finish(model_stopped=False) is None


def test_the_rest_of_the_cursors_line_repeated_is_cut() -> None:
    assert apply(SuffixBegins(Hole("print(", ")\n", "python"), Mode.LINE), "a, b)\n").cut == "a, b"
    assert apply(SuffixBegins(Hole("x = f(", ", timeout=3)\n", "python"), Mode.LINE), "a, timeout=3)\n").cut == "a"
    assert (
        apply(SuffixBegins(Hole("x = f(", ", timeout=3) # c\n", "python"), Mode.LINE), "a,timeout=3)# c d\n").cut == "a"
    )


def test_the_rest_of_the_line_counts_only_where_the_cut_parses() -> None:
    """`g(b)` has its own bracket."""
    assert apply(SuffixBegins(Hole("print(", ")\n", "python"), Mode.LINE), "g(b)\n", fits=False).cut is None
    assert guarded("g(b)", prefix="print(", suffix=")\n", language="python", mode=Mode.LINE)[0] == "g(b)"


def test_a_suspicion_is_cleared_by_the_models_own_end() -> None:
    prefix, suffix = "depth = 0\nc = input()\n", "\nif c == ')':\n    depth -= 1\n"
    text = "y = 1\nif c == '(':\n    depth += 1"
    assert guarded(text, prefix=prefix, suffix=suffix, language="python", mode=Mode.FREE)[0] == text
    kept, report = guarded(text, prefix=prefix, suffix=suffix, language="python", mode=Mode.FREE, model_stopped=False)
    assert kept == "y = 1"
    assert GuardReason.SUFFIX_BEGINS in report.reasons


# BlockEnd


@pytest.mark.parametrize(
    ("language", "prefix", "text", "left"),
    [
        ("python", "def f(x):\n", "    return x\nprint(f(1))\n", "    return x\n"),
        ("python", "def f(x):\n    ", "return x\nprint(f(1))\n", "return x\n"),
        ("python", "def f(x):\n", "    if x:\n        y\n    z\n\n\nclass A:\n", "    if x:\n        y\n    z\n\n\n"),
        ("python", "for x in y:\n    if x:\n        ", "a()\n    b()\nc()\n", "a()\n"),
        ("python", "if x:\n    ", "a()\nelse:\n    b()\nc()\n", "a()\nelse:\n    b()\n"),
        ("python", "try:\n    ", "a\nexcept E:\n    b\nfinally:\n    c\nd\n", "a\nexcept E:\n    b\nfinally:\n    c\n"),
        ("python", "def f(x):\n", "    return [\n1,\n]\nprint(1)\n", "    return [\n1,\n]\n"),
        ("python", "def f(x):\n", '    """\nat the margin\n"""\n    y\nx = 1\n', '    """\nat the margin\n"""\n    y\n'),
        ("python", "def f(x):\n", "    return x\n# About g.\ndef g():\n", "    return x\n"),
        ("python", "", "def f(x):\n    return x\nprint(1)\n", "def f(x):\n    return x\n"),
        ("javascript", "function f() {\n", "  return 1;\n}\nf();\n", "  return 1;\n}\n"),
        ("javascript", "if (x) {\n  ", "a();\n} else {\n  b();\n}\nc();\n", "a();\n} else {\n  b();\n}\n"),
        ("c", "int f() {\n", "\treturn 1;\n}\nint g() {\n", "\treturn 1;\n}\n"),
        ("ruby", "def f\n", "  1\nend\nputs f\n", "  1\nend\n"),
        ("bash", "if x; then\n", "  a\nelse\n  b\nfi\nc\n", "  a\nelse\n  b\nfi\n"),
        ("c", "int f() {\n", "\tg();\n#ifdef A\n\th();\n#endif\n}\nint g;\n", "\tg();\n#ifdef A\n\th();\n#endif\n}\n"),
        ("c", "int f() {\n", "\tg();\n}\n#include <a>\nint g;\n", "\tg();\n}\n"),
        ("c", "int f() {\n", "\tg();\n}\n/*\n * About h.\n */\nint h() {\n", "\tg();\n}\n"),
        ("rust", "fn f() {\n", "    1\n}\n#[test]\nfn g() {\n", "    1\n}\n"),
        ("python", "def f(x):\n", "    return x\n*a, b = f(1)\nc = 2\n", "    return x\n"),
    ],
)  # fmt: skip
def test_a_block_ends_where_a_line_leaves_it(language: str, prefix: str, text: str, left: str) -> None:
    assert apply(BlockEnd(Hole(prefix, "", language), Mode.BLOCK), text).cut == left


@pytest.mark.parametrize("mode", [Mode.LINE, Mode.FREE])
def test_other_modes_know_no_block(mode: Mode) -> None:
    assert apply(BlockEnd(Hole("def f(x):\n", "", "python"), mode), "    return x\nprint(1)\n").cut is None


@pytest.mark.parametrize("language", ["text", "markdown"])
def test_prose_has_no_blocks(language: str) -> None:
    assert apply(BlockEnd(Hole("def f(x):\n", "", language), Mode.BLOCK), "    return x\nprint(1)\n").cut is None


@pytest.mark.parametrize("language", [None, "yaml", "nonesuch"])
@pytest.mark.parametrize(
    ("prefix", "text", "left"),
    [
        ("def f(x):\n", "    return x\nprint(1)\n", "    return x\n"),
        ("mean <- function(x) {\n  ", "sum(x) / length(x)\n}\n\nmean(1)\n", "sum(x) / length(x)\n}\n\n"),
        ("def push(s, x) do\n  ", "[x | s]\nend\ndef pop(s) do\n", "[x | s]\nend\n"),
        ("web:\n  ports:\n    - ", "'80:80'\n  volumes:\n    - a:b\n", "'80:80'\n"),
    ],
)
def test_where_nothing_is_known_a_block_ends_as_in_most_languages(
    language: str | None, prefix: str, text: str, left: str
) -> None:
    assert apply(BlockEnd(Hole(prefix, "", language), Mode.BLOCK), text).cut == left


def test_a_helper_that_was_used_belongs_to_the_definition() -> None:
    text = "    return twice(x)\n\ndef twice(x):\n    return 2 * x\n\ndef thrice(x):\n    return 3 * x\n"
    hole = Hole("def f(x):\n", "", "python")
    assert apply(BlockEnd(hole, Mode.FUNCTION), text).cut == text.partition("def thrice")[0]
    assert apply(BlockEnd(hole, Mode.BLOCK), text).cut == text.partition("def twice")[0]


def test_the_else_of_the_suffix_is_not_repeated() -> None:
    hole = Hole("if x:\n    ", "\nelse:\n    c()\n", "python")
    assert apply(BlockEnd(hole, Mode.BLOCK), "a()\nelse:\n    b()\n").cut == "a()\n"


def test_comments_at_the_margin_are_cut_at_the_end() -> None:
    outcome = apply(BlockEnd(Hole("def f(x):\n", "", "python"), Mode.BLOCK), "    return x\n# What follows\n# is g.\n")
    assert outcome.cut is None
    assert outcome.certain == "    return x\n"
    assert outcome.finish(model_stopped=True) == outcome.finish(model_stopped=False) == "    return x\n"


def test_a_comment_at_the_margin_is_kept_if_the_block_continues() -> None:
    text = "    x += 1\n# x = 2\n    return x\n"
    outcome = apply(BlockEnd(Hole("def f(x):\n", "", "python"), Mode.BLOCK), text)
    assert outcome.cut is None
    assert outcome.certain is None
    assert outcome.finish(model_stopped=False) is None


def test_where_the_cut_would_not_parse_the_end_is_only_suspected() -> None:
    """Until `LINES_BEYOND` lines have passed, it may turn out to be no end."""
    hole = Hole("def f(x):\n", "", "python")
    text = "    y = x\nmargin\n"
    outcome = apply(BlockEnd(hole, Mode.BLOCK), text + "more\n" * (LINES_BEYOND - 1), fits=False)
    assert outcome.cut is None
    assert outcome.certain == "    y = x\n"
    assert outcome.finish(model_stopped=True) is None
    assert outcome.finish(model_stopped=False) == "    y = x\n"
    assert apply(BlockEnd(hole, Mode.BLOCK), text + "more\n" * LINES_BEYOND, fits=False).cut == "    y = x\n"


# Repetition

HOLE = Hole("x = 0\n", "", "python")
SQUARES = " ".join(str(n * n) for n in range(200))


@pytest.mark.parametrize("period", range(1, LONGEST_PERIOD + 1))
def test_a_loop_is_cut_after_its_first_round(period: int) -> None:
    first = "".join(f"print({n})\n" for n in range(period))
    outcome = apply(Repetition(HOLE, Mode.FREE), "a = 1\n" + first * ROUNDS)
    assert outcome.cut == "a = 1\n" + first


@pytest.mark.parametrize("period", range(1, LONGEST_PERIOD + 1))
def test_what_comes_once_less_is_suspected_and_kept(period: int) -> None:
    first = "".join(f"print({n})\n" for n in range(period))
    outcome = apply(Repetition(HOLE, Mode.FREE), first * (ROUNDS - 1))
    assert outcome.cut is None
    assert outcome.certain == first
    assert outcome.finish(model_stopped=False) is None
    assert outcome.finish(model_stopped=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"print({n})\n" for n in range(LONGEST_PERIOD + 1)) * 5,  # too long a round
        "}\n" * (WORDLESS_ROUNDS - 1),  # no word in it
        "\n" * (BLANK_LINES - 1),
        "".join(f"x{n} = 1\n" for n in range(50)),
        "a()\nb()\na()\nc()\n" * 2,
    ],
)
def test_what_is_no_loop(text: str) -> None:
    assert apply(Repetition(HOLE, Mode.FREE), text).cut is None


def test_another_line_clears_the_suspicion() -> None:
    assert apply(Repetition(HOLE, Mode.FREE), "a()\na()\nb()\n").certain is None


@pytest.mark.parametrize("mode", list(Mode))
def test_loops_are_cut_in_every_mode(mode: Mode) -> None:
    assert apply(Repetition(Hole("x = 0\n", "", None), mode), "a()\n" * 9).cut == "a()\n"


LINE = st.sampled_from(["x = 1", "    y()", "}", "", "print('é🙂')", "end"])
ROUND = st.lists(LINE, min_size=1, max_size=LONGEST_PERIOD).filter(lambda lines: re.search(r"\w", "".join(lines)))


@settings(max_examples=200, deadline=None)
@given(before=st.lists(LINE, max_size=6), round_=ROUND)
def test_a_loop_is_always_cut_within_its_rounds(before: list[str], round_: list[str]) -> None:
    """Whatever precedes it: at most that and one round are left, and nothing before the loop is lost."""
    start = "".join(line + "\n" for line in before)
    turn = "".join(line + "\n" for line in round_)
    cut = apply(Repetition(HOLE, Mode.FREE), start + turn * ROUNDS).cut
    assert cut is not None
    assert (start + turn * ROUNDS).startswith(cut)
    assert len(cut) <= len(start + turn)


@settings(max_examples=100, deadline=None)
@given(before=st.text(alphabet="abc =", max_size=30), turn=st.text(alphabet="xy(, ", min_size=1, max_size=50))
def test_a_loop_within_a_line_is_found(before: str, turn: str) -> None:
    line = before + turn * (LONGEST_LINE // len(turn) + 1)
    at = loop_in_line(line)
    assert at is not None
    assert at <= len(before) + len(turn)
    assert apply(Repetition(HOLE, Mode.LINE), "a = 1\n" + line).cut == "a = 1\n" + line[:at]


def test_what_precedes_a_loop_within_a_line_is_kept() -> None:
    assert loop_in_line(SQUARES + "; " + "go()" * 60) == len(SQUARES + "; " + "go()")


@pytest.mark.parametrize("line", ["", "a" * (LONGEST_LINE - 1), SQUARES, "x = [" + "1, " * 300 + SQUARES])
def test_lines_without_a_loop(line: str) -> None:
    assert loop_in_line(line) is None


@pytest.mark.parametrize("mode", [Mode.BLOCK, Mode.FUNCTION, Mode.FREE])
def test_a_loop_of_the_model_is_reported(mode: Mode) -> None:
    text, report = guarded(
        "    print(1)\n    print(2)\n" * 50, prefix="def f():\n", language="python", mode=mode, model_stopped=False
    )
    assert text == "    print(1)\n    print(2)"
    assert report.action is GuardAction.CUT
    assert report.reasons == [GuardReason.REPETITION]


# UnsureLine


THREE_LINES = "a = 1\nb = (\n    2,\n)\n"


@pytest.mark.parametrize(
    ("prefix", "unsure", "suffix", "mode", "is_cut"),
    [
        ("x = 0\n", "b", "print(y)\n", Mode.BLOCK, True),
        ("", "b", "print(y)\n", Mode.BLOCK, True),  # the line below is as deep
        ("x = 0\n", "a", "print(y)\n", Mode.BLOCK, False),  # nothing is there yet that could be whole
        ("x = 0\n", "2", "print(y)\n", Mode.BLOCK, False),  # what is open is not whole
        ("x = 0\n", "b", "\n", Mode.BLOCK, False),  # nothing follows that it could be
        ("x = 0\n", "b", "print(y)\n", Mode.FREE, False),
    ],
)
def test_code_that_is_whole_ends_before_a_line_that_the_model_is_unsure_of(
    prefix: str, unsure: str, suffix: str, mode: Mode, is_cut: bool
) -> None:
    guard = Guard(
        Hole(prefix, suffix, "python"),
        mode,
        streams=False,
        is_unsure=lambda start, end: THREE_LINES[start:end].lstrip().startswith(unsure),
    )
    guard.feed(THREE_LINES)
    guard.finish()
    assert (GuardReason.UNSURE_LINE in guard.report.reasons) is is_cut
    assert is_cut == (guard.text.strip() == "a = 1")


@pytest.mark.parametrize(
    ("language", "prefix", "draft", "suffix"),
    [
        ("vue", "<script setup>\nconst left = computed(() => ", "{\n  return 1\n}", ")\n\nlet x\n</script>\n"),
        (
            "cuda",
            "void run(int n) {\n    int b = n;\n    ",
            "for (int i = 0; i < b; i++) {\n        f(i);\n    }",
            "\n    g();\n}\n",
        ),
    ],
)
def test_what_is_open_is_not_whole_though_nobody_parses_it(language: str, prefix: str, draft: str, suffix: str) -> None:
    guard = Guard(Hole(prefix, suffix, language), Mode.BLOCK, streams=False, is_unsure=lambda start, _end: start > 0)
    guard.feed(draft)
    guard.finish()
    assert guard.text == draft


def test_a_closer_at_the_end_of_the_line_may_be_the_completions_own_though_nobody_parses_it() -> None:
    draft = "{\n  return xs.reduce((sum, x) => {\n    return sum + x\n  }, 0)\n}"
    prefix, suffix = "<script setup>\nconst sum = computed(() => ", ")\n\nlet y\n</script>\n"
    assert guarded(draft, prefix=prefix, suffix=suffix, language="vue")[0] == draft
    assert guarded(draft + ")\n\nlet y", prefix=prefix, suffix=suffix, language="vue")[0] == draft


def test_a_body_that_has_yet_to_be_written_is_not_ended_so() -> None:
    hole = Hole("def f(x):\n    ", "\n\n\ndef g():\n    pass\n", "python")
    guard = Guard(hole, Mode.BLOCK, streams=False, is_unsure=lambda _start, _end: True)
    guard.feed("y = x\n    return y\n")
    guard.finish()
    assert guard.text == "y = x\n    return y"
