"""The guard, as examples and as properties. The corpus of cases is in `tests/golden`."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sfm2.languages import table
from sfm2.syntax.guard import Guard, guarded
from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext
from sfm2.syntax.prose import FENCE, is_sentence
from sfm2.syntax.rules.repetition import ROUNDS, WORDLESS_ROUNDS
from sfm2.syntax.text_regions import ends_in_text
from sfm2.types import GuardAction, GuardReason, Mode


def stream(pieces: Sequence[str], hole: Hole, mode: Mode = Mode.BLOCK, ended: bool = True) -> tuple[str, Guard]:
    """What a client would have been sent, and the guard."""
    guard = Guard(hole, mode)
    sent = ""
    for piece in pieces:
        sent += guard.feed(piece)
        if guard.ended:
            break
    return sent + guard.finish(ended), guard


def test_a_completion_that_fits_is_kept() -> None:
    text, report = guarded("return a + b", prefix="def add(a, b):\n    ", language="python")
    assert text == "return a + b"
    assert report.action is GuardAction.KEPT
    assert report.parses
    assert report.reasons == []


def test_it_ends_where_the_suffix_begins_again() -> None:
    prefix = "def area(r):\n    pi = 3.14\n"
    text, report = guarded(
        "    square = r * r\n    return pi * square\n\nprint(area(2))\n",
        prefix=prefix,
        suffix="    return pi * square\n",
        language="python",
    )
    assert text == "    square = r * r\n"
    assert report.action is GuardAction.CUT
    assert report.reasons == [GuardReason.SUFFIX_BEGINS]


def test_parallel_lines_are_no_repetition_of_the_suffix_when_the_model_ends_there() -> None:
    """`if c == '('` is nearly equal to `elif c == ')'`, and right."""
    text, report = guarded(
        "if c == '(':\n    depth += 1",
        prefix="depth = 0\nc = input()\n",
        suffix="\nelif c == ')':\n    depth -= 1\n",
        language="python",
    )
    assert text == "if c == '(':\n    depth += 1"
    assert report.action is GuardAction.KEPT


def test_it_ends_where_the_block_ends() -> None:
    text, report = guarded(
        "total += x\n    return total\n",
        prefix="def f(xs):\n    total = 0\n    for x in xs:\n        ",
        suffix="\n    print(total)\n",
        language="python",
    )
    assert text == "total += x"
    assert GuardReason.BLOCK_END in report.reasons


def test_what_does_not_parse_is_cut_off() -> None:
    text, report = guarded("x = 1\ny = (2\nz = ]", prefix="", suffix="\n", language="python")
    assert text == "x = 1"
    assert report.reasons == [GuardReason.SYNTAX]


def test_what_is_open_is_closed_when_no_whole_line_parses() -> None:
    text, report = guarded("print(max([1, 2", prefix="", language="python", model_stopped=False)
    assert text == "print(max([1, 2]))"
    assert report.action is GuardAction.CLOSED
    assert GuardReason.OPEN in report.reasons


def test_nothing_is_better_than_what_breaks_the_file() -> None:
    text, report = guarded(") ] }", prefix="x = 1\n", suffix="\ny = 2\n", language="python")
    assert text == ""
    assert report.action is GuardAction.ABSTAINED


def test_next_to_broken_code_it_does_no_worse() -> None:
    broken = "def f(:\n    pass\n\n\ndef g(x):\n    return "
    text, _ = guarded("x + 1\n", prefix=broken, suffix="\n", language="python")
    assert text == "x + 1"


def test_loops_stop_after_the_first_round() -> None:
    text, report = guarded(
        "print(1)\nprint(2)\n" * 9, prefix="x = 0\n", language="python", mode=Mode.FREE, model_stopped=False
    )
    assert text == "print(1)\nprint(2)"
    assert GuardReason.REPETITION in report.reasons


def test_fences_and_talk_are_no_code() -> None:
    text, report = guarded(
        "```python\n    return n * 2\n```\nThis function doubles.\n",
        prefix="def double(n):\n",
        language="python",
        mode=Mode.FUNCTION,
    )
    assert text == "    return n * 2"
    assert GuardReason.CHATTER in report.reasons


def test_what_was_sent_is_never_taken_back_by_a_fence() -> None:
    pieces = ["  g();\n", "So ((\n", "```js\n", "  h();\n"]
    sent, guard = stream(pieces, Hole("function f() {\n", "", "javascript"), Mode.FREE)
    assert sent == guard.text == "  g();"
    assert guard.report.reasons[0] is GuardReason.CHATTER


def test_undefined_names_are_reported_and_not_vetoed() -> None:
    text, report = guarded("return helper(a)", prefix="def f(a):\n    ", suffix="\n", language="python")
    assert text == "return helper(a)"
    assert report.undefined == ["helper"]
    assert report.reasons == [GuardReason.UNDEFINED_NAMES]
    assert report.action is GuardAction.KEPT


@pytest.mark.parametrize("language", [None, "text", "elm", "nonesuch"])
def test_a_language_without_a_grammar_passes_and_is_reported(language: str | None) -> None:
    text, report = guarded("anything ( goes", prefix="a\n", language=language)
    assert text == "anything ( goes"
    assert report.action is GuardAction.OFF
    assert report.reasons == [GuardReason.UNKNOWN_LANGUAGE]
    assert report.parses is None


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("written", ["\n", "\r\n"])
@pytest.mark.parametrize("language", ["python", None])
def test_the_files_own_line_breaks_are_used(language: str | None, written: str, newline: str) -> None:
    """Whatever the model writes, in a stream of any pieces or as a whole, in a language that is parsed or not."""
    prefix = newline.join(["def f():", "    a = 0", "    "])
    text = written.join(["x = 1", "    y = 2"])
    expected = newline.join(["x = 1", "    y = 2"])
    assert guarded(text, prefix=prefix, suffix=newline, language=language)[0] == expected
    for pieces in ([text], list(text), text.splitlines(keepends=True)):
        sent, guard = stream(pieces, Hole(prefix, "", language))
        assert sent == guard.text == expected


def test_a_carriage_return_that_ends_no_line_is_kept() -> None:
    text = "a\rb\r\nc\r\nd\r"
    for pieces in ([text], list(text)):
        sent, guard = stream(pieces, Hole("x\n", "", None))
        assert sent == guard.text == "a\rb\nc\nd"


def test_lines_are_sent_before_a_suffix_too() -> None:
    guard = Guard(Hole("function f(xs) {\n  let n = 0;\n  ", "\n  return n;\n}\n", "javascript"), Mode.BLOCK)
    assert guard.feed("for (const x of xs) {\n") == ""
    assert guard.feed("    n += x;\n  }\n") == "for (const x of xs) {\n    n += x;\n  }"
    assert guard.feed("  n *= 2;\n  return n;\n") + guard.finish() == "\n  n *= 2;"


def test_the_longest_end_without_problems_wins_over_one_with_as_many_as_the_empty_hole() -> None:
    """The empty hole leaves one problem away from the hole, which is solved by what fills it."""
    text, report = guarded("1;\n  var y = (2;", prefix="var x = ", suffix="\n\n\nfoo();\n", language="javascript")
    assert text == "1;"
    assert report.parses


def test_a_stream_sends_lines_as_soon_as_they_parse() -> None:
    guard = Guard(Hole("def f(x):\n", "", "python"), Mode.FUNCTION)
    assert guard.feed("    if x") == ""
    assert guard.feed(":\n        return 1\n") == "    if x:\n        return 1"
    assert guard.feed("    y = [\n        1,\n") == ""
    assert guard.feed("    ]\n") == "\n    y = [\n        1,\n    ]"


CODE = st.text(alphabet="ab(:)[]'\"#\n \t=é🙂\r", max_size=60)
LINES = st.lists(
    st.sampled_from(["x = 1", "if x:", "    y = 2", "return", ")", "'''", "print(x", "", "else:"]), max_size=8
)
TEXT = CODE | LINES.map("\n".join)
LANGUAGE = st.sampled_from(["python", "javascript", "json", "go", None])


@settings(max_examples=150, deadline=None)
@given(prefix=TEXT, suffix=TEXT, text=TEXT, size=st.integers(1, 7), language=LANGUAGE, mode=st.sampled_from(list(Mode)))
def test_however_a_stream_is_chunked_the_same_is_sent(
    prefix: str, suffix: str, text: str, size: int, language: str | None, mode: Mode
) -> None:
    hole = Hole(prefix, suffix, language)
    whole, first = stream([text], hole, mode)
    parts, second = stream([text[i : i + size] for i in range(0, len(text), size)], hole, mode)
    assert parts == whole == first.text == second.text
    assert first.report.action == second.report.action


@settings(max_examples=300, deadline=None)
@given(prefix=TEXT, suffix=TEXT, text=TEXT, mode=st.sampled_from(list(Mode)), ended=st.booleans())
def test_a_file_that_compiles_is_never_broken(prefix: str, suffix: str, text: str, mode: Mode, ended: bool) -> None:
    if not compiles(prefix + suffix):
        return
    kept, report = guarded(text, prefix=prefix, suffix=suffix, language="python", mode=mode, model_stopped=ended)
    assert compiles(prefix + kept + suffix)
    assert report.parses
    assert (report.action is GuardAction.ABSTAINED) == (not kept.strip())


@settings(max_examples=150, deadline=None)
@given(prefix=TEXT, text=TEXT, mode=st.sampled_from(list(Mode)), ended=st.booleans())
def test_streaming_and_waiting_give_the_same(prefix: str, text: str, mode: Mode, ended: bool) -> None:
    sent, _ = stream([text], Hole(prefix, "", "python"), mode, ended)
    kept, _ = guarded(text, prefix=prefix, language="python", mode=mode, model_stopped=ended)
    assert sent == kept


ODD = {
    "10,000 brackets": "(" * 10_000,
    "one line of a megabyte": "x = '" + "a" * 1_000_000 + "'\n",
    "binary junk": bytes(range(1, 256)).decode("latin-1") * 40,
    "unterminated everything": "'''\n\"\"\" ( [ { `\n/* <!-- #{ ${",
    "tabs and spaces": "if x:\n\ty = 1\n        z = 2\n",
    "nested deeply": "".join("  " * i + "if x:\n" for i in range(500)),
}


@pytest.mark.parametrize("language", ["python", "javascript", "java", "bash", "yaml", "html", "sql"])
@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_answered(name: str, language: str) -> None:
    """With a report that agrees with the text, and nothing that breaks the file further."""
    for prefix, text, suffix in [(ODD[name], "x = 1\n", "\n"), ("", ODD[name], ""), ("a\n", "b\n", ODD[name])]:
        hole = Hole(prefix, suffix, language)
        sent, guard = stream([text], hole)
        assert sent == guard.text
        problems = ParseContext(hole).problems(guard.text)
        assert guard.report.parses is (problems == 0)
        assert problems <= ParseContext(hole).problems("")
        assert (guard.report.action is GuardAction.ABSTAINED) == (not guard.text.strip())
        assert guard.report.action is not GuardAction.KEPT or text.startswith(guard.text.rstrip())


def test_a_long_file_costs_what_its_block_costs() -> None:
    """A long completion in a 20,000-line file: its own block is parsed, not the file."""
    file = "".join(f"def f{i}(x):\n    return x + {i}\n\n\n" for i in range(5_000))
    prefix = file + "def last(x):\n"
    guard = Guard(Hole(prefix, "", "python"), Mode.FUNCTION)
    for i in range(200):
        guard.feed(f"    x += {i}\n")
    guard.finish()
    assert guard.text == textwrap.indent("\n".join(f"x += {i}" for i in range(200)), "    ")
    assert guard.cost < 3 * len(prefix)


def compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are errors in tests: `1()` would not compile
            compile(text, "<test>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


NO_GRAMMAR = sorted(
    name for name, facts in table().items() if facts.grammar is None and facts.kind in ("programming", "data")
)
CODE_LINE = st.sampled_from(
    ["a = b(1)", "  c: d", "if x {", "}", "RUN make", "\ty -o z", "let q = [1, 2]", "- item", "", "(* note *)"]
)
TALK = st.sampled_from(
    [
        "```",
        "```python",
        "~~~",
        "This code reads the file, and then it prints what is in it.",
        "1. Here you can see how it is used.",
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    language=st.sampled_from([*NO_GRAMMAR, None, "nonesuch"]),
    prefix=st.lists(CODE_LINE, min_size=1, max_size=5),
    draft=st.lists(CODE_LINE | TALK, max_size=12),
    loop=st.lists(CODE_LINE, min_size=1, max_size=3),
    mode=st.sampled_from([Mode.BLOCK, Mode.FUNCTION, Mode.FREE]),
)
def test_without_a_grammar_there_is_no_fence_no_essay_and_no_loop(
    language: str | None, prefix: list[str], draft: list[str], loop: list[str], mode: Mode
) -> None:
    assume(
        not any(ends_in_text(line + "\n", language) for line in (*prefix, *draft, *loop))
    )  # "{" opens a comment in Pascal
    text = "\n".join([*draft, *(loop * 20)])
    kept, _ = guarded(text, prefix="\n".join(prefix) + "\n", language=language, mode=mode, model_stopped=False)
    lines = kept.split("\n")
    assert not [line for line in lines if FENCE.match(line) or is_sentence(line)]
    rounds = ROUNDS if any(re.search(r"\w", line) for line in loop) else WORDLESS_ROUNDS
    assert not any(line.strip() for line in loop) or len(lines) <= len(draft) + rounds * len(loop)


@settings(max_examples=200, deadline=None)
@given(prefix=TEXT, suffix=TEXT, text=TEXT, language=st.sampled_from(["python", "javascript", "go", "json"]))
def test_the_longest_end_without_problems_wins(prefix: str, suffix: str, text: str, language: str) -> None:
    """Of the ends of lines that are left when the rules have cut, where nothing follows on the cursor's line.

    What Python takes for a line break, editors do not.
    """
    assume("\r" not in text and not suffix.partition("\n")[0].strip())
    guard = Guard(Hole(prefix, suffix, language), Mode.FREE, streams=False)
    guard.feed(text)
    guard.finish()
    context = ParseContext(Hole(prefix, suffix, language))
    clean = [end for end in ends(text) if text[:end].strip() and context.problems(text[:end].rstrip()) == 0]
    if guard.cut or not clean or guard.report.action is GuardAction.RESAMPLED:
        return
    assert context.problems(guard.text.replace("\r\n", "\n")) == 0
    assert len(guard.text.strip()) >= len(text[: max(clean)].strip())


def ends(draft: str) -> list[int]:
    return [end for end, character in enumerate(draft + "\n") if character == "\n"]
