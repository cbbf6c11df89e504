"""Sentences about code, held against it."""

from __future__ import annotations

import pytest

from sfm2.explaining import Grounds, read, whole_sentences

CODES = {
    "squares": ("python", "def mysterious_function(x, y): return x**2 + y**2"),
    "sum": ("python", "def puzzling(a, b): return (a + b) ** 2"),
    "add": ("python", "def add(a, b):\n    return a - b"),
    "even": ("python", "def is_even(n):\n    return n % 2 == 1"),
    "smallest": (
        "python",
        "def find_max(xs):\n    m = xs[0]\n    for x in xs:\n        if x < m:\n            m = x\n    return m",
    ),
    "swap": ("c", "void f(int *a, int *b) { int t = *a; *a = *b; *b = t; }"),
    "depth": ("python", "def depth(t):\n    return 1 + depth(t.left) if t else 0"),
    "throws": ("java", "void f(int a) { if (a < 0) throw new IllegalStateException(); }"),
    "option": ("rust", "fn f(xs: &[i32]) -> Option<i32> { xs.iter().copied().max() }"),
}


def refuted(name: str, sentence: str) -> bool:
    language, code = CODES[name]
    return bool(Grounds(code, read(code, language)).disagreements(sentence))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("squares", "It calculates the square of the sum of two numbers."),
        ("squares", "It adds two numbers and then squares the result."),
        ("squares", "It returns the square root of both."),
        ("squares", "It multiplies `x` by `y`."),
        ("squares", "The parameter `z` is squared."),
        ("squares", "It calls itself until both are zero."),
        ("sum", "It returns the sum of the squares of `a` and `b`."),
        ("add", "It uses the `+` operator."),
        ("add", "The function returns nothing."),
        ("even", "It checks whether a number is even."),
        ("smallest", "It finds the maximum value of a list."),
        ("swap", "The function returns the two values, swapped."),
        ("throws", "It throws an `IllegalArgumentException` for negative numbers."),
        ("throws", "It raises a ValueError."),
    ],
)
def test_what_the_code_refutes(name: str, sentence: str) -> None:
    assert refuted(name, sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("squares", "The function `mysterious_function(x, y)` returns the sum of the squares of `x` and `y`."),
        ("squares", "It squares both and adds the squares up."),
        ("sum", "It returns the square of the sum of `a` and `b`."),
        ("add", "Despite its name, `add` returns the difference between `a` and `b`."),
        ("even", "It checks whether a number is odd, although it is called `is_even`."),
        ("even", "Otherwise, the number is even."),
        ("smallest", "It returns the smallest value, not the maximum."),
        ("swap", "It swaps the values of two integers."),
        ("swap", "It swaps two values and returns nothing."),
        ("depth", "It is recursive and returns the depth of a tree."),
        ("throws", "It throws an `IllegalStateException` if `a` is less than 0."),
        ("option", "If the slice is empty, it returns `None`."),
    ],
)
def test_what_it_does_not(name: str, sentence: str) -> None:
    assert not refuted(name, sentence)


def test_without_facts_nothing_is_refuted() -> None:
    assert Grounds("whatever", []).disagreements("It throws a ValueError and returns nothing.") == []


def test_sentences() -> None:
    text = "It adds `a.b` and 1.5, e.g. two. It's quick.\n\n1. First\n2. Second! Done"
    assert [one.strip() for one in whole_sentences(text)] == [
        "It adds `a.b` and 1.5, e.g. two.",
        "It's quick.",
        "1. First",
        "2. Second!",
        "Done",
    ]
    assert "".join(whole_sentences(text)) == text
