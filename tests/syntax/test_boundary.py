"""Where a completion ends: after the definition that the prompt began, and what belongs to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.syntax.boundary import BlockBoundary


def complete(prefix: str, stream: str, language: str | None, size: int = 1) -> str:
    boundary = BlockBoundary(prefix, language)
    shown = ""
    for start in range(0, len(stream), size):
        shown += boundary.feed(stream[start : start + size])
        if boundary.ended:
            break
    return shown + boundary.finish()


CASES = {
    "what follows a function is left out": (
        "python",
        "def double(x):",
        "\n    return 2 * x\n\nprint(double(2))\n",
        "\n    return 2 * x",
    ),
    "a helper that the function calls belongs to it": (
        "python",
        "def sort(xs):",
        "\n    return merge(xs)\n\ndef merge(xs):\n    return xs\n\nsort([])\n",
        "\n    return merge(xs)\n\ndef merge(xs):\n    return xs",
    ),
    "an unrelated function does not": (
        "python",
        "def double(x):",
        "\n    return 2 * x\n\ndef triple(x):\n    return 3 * x\n",
        "\n    return 2 * x",
    ),
    "else goes on with the block": (
        "python",
        "if ready:",
        "\n    go()\nelse:\n    wait()\nstop()\n",
        "\n    go()\nelse:\n    wait()",
    ),
    "a method ends where the next begins": (
        "python",
        "class A:\n    def first(self):",
        "\n        return 1\n\n    def second(self):\n        return 2\n",
        "\n        return 1",
    ),
    "a whole class is completed": (
        "python",
        "class Node:",
        "\n    def __init__(self):\n        self.next = None\n\n    def last(self):\n        return self\n\nclass Tree:\n",
        "\n    def __init__(self):\n        self.next = None\n\n    def last(self):\n        return self",
    ),
    "text at the margin of a docstring is no end": (
        "python",
        "def f():",
        '\n    """\nSummary\n    """\n    return 1\n\nf()\n',
        '\n    """\nSummary\n    """\n    return 1',
    ),
    "at the top level, the first definition is completed": (
        "python",
        "import math",
        "\n\ndef area(r):\n    return math.pi * r\n\ndef other():\n    pass\n",
        "\n\ndef area(r):\n    return math.pi * r",
    ),
    "a closing brace belongs to the block": (
        "javascript",
        "function double(x) {",
        "\n  return 2 * x;\n}\n\nconsole.log(double(2));\n",
        "\n  return 2 * x;\n}",
    ),
    "end belongs to the block": ("ruby", "def double(x)", "\n  2 * x\nend\n\nputs double(2)\n", "\n  2 * x\nend"),
    "Go": (
        "go",
        "func double(x int) int {",
        "\n\treturn 2 * x\n}\n\nfunc main() {\n}\n",
        "\n\treturn 2 * x\n}",
    ),
    "other languages pass": ("sql", "SELECT a", "\nFROM t;\n\nSELECT b", "\nFROM t;\n\nSELECT b"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_ends_where_the_block_ends(name: str, size: int) -> None:
    language, prefix, stream, expected = CASES[name]
    assert complete(prefix, stream, language, size) == expected


lines = st.lists(
    st.sampled_from(["", "    x = 1", "def f():", "  }", "}", "else:", "class A {", "\ty()", '"""', "é = '🙂'"]),
    max_size=12,
)


@given(prefix=lines, stream=lines, size=st.integers(1, 40), language=st.sampled_from(["python", "java", "lua", None]))
def test_chunking_changes_nothing(prefix: list[str], stream: list[str], size: int, language: str | None) -> None:
    before, text = "\n".join(prefix), "\n".join(stream)
    assert complete(before, text, language, size) == complete(before, text, language, 10_000)


@given(prefix=st.text(), stream=st.text(), language=st.sampled_from(["python", "cpp", "bash"]))
def test_shows_a_beginning_of_the_stream(prefix: str, stream: str, language: str) -> None:
    assert stream.startswith(complete(prefix, stream, language))
