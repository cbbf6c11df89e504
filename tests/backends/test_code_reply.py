"""The filter that takes code out of a chat model's answer: pure, and the same however the stream is split."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sfm2.backends.openai.code_reply import CodeReply
from sfm2.backends.openai.prompt_echo import end_of, repetitions

PREFIX = "import os\n\n\ndef add(a, b):\n    "


def reply(prefix: str, *chunks: str, fences: bool = True) -> str:
    filtered = CodeReply(prefix, fences=fences)
    return "".join([*map(filtered.feed, chunks), filtered.finish()])


@pytest.mark.parametrize(
    ("prefix", "answer", "completion"),
    [
        (PREFIX, "return a + b", "return a + b"),
        (PREFIX, "```python\nreturn a + b\n```", "return a + b"),
        (PREFIX, "\n```\nreturn a + b\n\nprint(1)\n```\nThis adds the two numbers.", "return a + b\n\nprint(1)"),
        (PREFIX, "~~~~ python\nreturn a + b\n~~~\nx\n~~~~", "return a + b\n~~~\nx"),
        (PREFIX, "    return a + b", "return a + b"),
        (PREFIX, "        if a:\n            pass", "    if a:\n            pass"),
        (PREFIX, PREFIX + "return a + b", "return a + b"),
        (PREFIX, "def add(a, b):\n    return a + b", "return a + b"),
        (PREFIX, "import os\n\ndef add(a, b):\n    return a + b", "return a + b"),
        ("def add(a, b):", "def add(a, b):\n    return a + b\n```", "\n    return a + b"),
        ("def add(a, b):", "```python\ndef add(a, b):\n    return a + b\n```", "\n    return a + b"),
        ("def add(a, b):", "    return a + b", "\n    return a + b"),
        ("def add(a, b):", "  # the sum\n    return a + b", "  # the sum\n    return a + b"),
        ("    return", "return a + b", " a + b"),
        ("x = [\n    1,\n", "    1,\n    2,\n]", "    1,\n    2,\n]"),
        ("x = 1\n", "y = 2\n```\nz\n```\n", "y = 2\n```\nz\n```\n"),
        (PREFIX, "```python\n", ""),
        (PREFIX, "```python", ""),
        (PREFIX, "```\n```", ""),
        (PREFIX, "", ""),
    ],
)
def test_takes_off_the_fence_and_the_repeated_prompt(prefix: str, answer: str, completion: str) -> None:
    assert reply(prefix, answer) == completion


def test_markdown_keeps_its_fences() -> None:
    assert reply("# Usage\n", "```sh\nls\n```\n", fences=False) == "```sh\nls\n```\n"


def test_talk_after_the_fence_need_not_be_read() -> None:
    filtered = CodeReply(PREFIX)
    filtered.feed("```\nreturn 1\n```")
    assert not filtered.ended  # the line may go on
    filtered.feed("\nThis ")
    assert filtered.ended


snippets = st.text(alphabet="ab_1 \t\n`~(){}:#/", max_size=60)
prefixes = st.sampled_from([PREFIX, "def add(a, b):", "x = [\n", "{\n  ", "", "return", "a", "if a:\n\tb"]) | snippets
answers = st.one_of(
    snippets,
    snippets.map(lambda code: f"```python\n{code}\n```\nIt works."),
    st.tuples(prefixes, snippets).map("".join),
    st.tuples(prefixes, snippets).map(lambda parts: f"```\n{parts[0]}{parts[1]}\n```"),
)


def repeats(prefix: str, code: str) -> bool:
    return any(end_of(repeated, code) for repeated in repetitions(prefix))


def ends_in_a_fence(code: str) -> bool:
    return bool(re.search(r"\n {0,3}```+[ \t]*\n?\Z", code))


def split(text: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(edges)]


@example("def add(a, b):", "    return a", [2])
@example("def add(a, b):", "    // the sum", [5])
@example("11\n1", "11\n \n1", [4])  # a blank line in the middle of a repetition
@given(prefixes, answers, st.lists(st.integers(0, 200), max_size=12))
def test_the_split_of_the_stream_makes_no_difference(prefix: str, answer: str, cuts: list[int]) -> None:
    assert reply(prefix, *split(answer, cuts)) == reply(prefix, answer) == reply(prefix, *answer)


@given(prefixes, snippets)
def test_code_without_fence_and_repetition_loses_nothing(prefix: str, code: str) -> None:
    assume(not code.lstrip().startswith(("```", "~~~")))
    assume(not ends_in_a_fence(code))
    assume(not repeats(prefix, code))
    assert reply(prefix, code).removeprefix("\n") == code.removeprefix("\n")


@given(prefixes, snippets, st.sampled_from(["```", "```python", "~~~", "````c"]))
def test_code_in_a_fence_loses_nothing(prefix: str, code: str, fence: str) -> None:
    assume("```" not in code)
    assume("~~~" not in code)
    assume(not repeats(prefix, code))
    mark = fence.rstrip("pythonc")
    assert reply(prefix, f"{fence}\n{code}\n{mark}\nHere you are.").removeprefix("\n") == code.removeprefix("\n")


@given(prefixes, snippets)
def test_what_is_taken_off_is_one_repetition_at_the_beginning(prefix: str, code: str) -> None:
    assume(not code.lstrip().startswith(("```", "~~~")))
    assume(not ends_in_a_fence(code))
    shown = reply(prefix, code)
    taken = code.removesuffix(shown)
    assert shown.removeprefix("\n") == code.removeprefix("\n") or words(taken) in map(words, repetitions(prefix))


def words(text: str) -> list[str]:
    return text.split()
