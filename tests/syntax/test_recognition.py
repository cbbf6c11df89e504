"""The language of the code around a hole: named, else as guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2 import languages
from sfm2.syntax.parsing.evidence import misfit
from sfm2.syntax.parsing.grammars import grammar_for
from sfm2.syntax.recognition import COMPARED, TOLERATED, UNKNOWN, Recognised, recognise
from sfm2.types import Language

SAMPLES = {path.name: path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "samples").iterdir()}
LOOKS = "def f(x):\n    return x\n"


def test_the_requests_word_decides_then_the_files_name_then_the_text() -> None:
    assert recognise(LOOKS, language=Language.RUBY, path="a.go") == (Language.RUBY, False)
    assert recognise("#!/bin/sh\n", path="a.go") == (Language.GO, False)
    assert recognise("#!/bin/sh\n", path="deploy") == (Language.BASH, False)
    assert recognise("#!/bin/sh\n") == (Language.BASH, False)
    assert recognise(LOOKS) == Recognised(Language.PYTHON, is_guess=True)
    assert recognise("hello world") == UNKNOWN


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,2}", fullmatch=True), st.sampled_from([*SAMPLES.values(), ""]))
def test_code_in_a_file_with_an_unknown_name_is_never_guessed(name: str, code: str) -> None:
    named = "" if code.startswith("#!") else code
    if not languages.all_of_path(name):
        assert recognise(named, path=f"src/{name}") == UNKNOWN


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("def complex_algorithm():", "python"),
        ("class BinaryTree:", "python"),
        ("import pandas as pd", "python"),
        ("from os import path\n", "python"),
        ("def first[T](xs: list[T]) -> T:\n    ", "python"),
        ("function add(a, b) {", "javascript"),
        ("const x = 1", "javascript"),
        ("interface Point {\n  x: number", "typescript"),
        ("package main\n\nfunc main() {", "go"),
        ("fn main() {", "rust"),
        ("#include <iostream>\n", "cpp"),
        ("#include <stdio.h>\n\nint main(void) {\n", "c"),
        ("import java.util.List;\n\npublic class Main {", "java"),
        ("using System;\n\nstatic int Fibonacci(int n)\n{\n", "csharp"),
        ("func isPrime(_ n: Int) -> Bool {", "swift"),
        ("class Stack\n  def initialize\n    @items = []\n", "ruby"),
        ("<?php\n", "php"),
        (".button {\n", "css"),
        (SAMPLES["zig"], "zig"),
        (SAMPLES["groovy"], "groovy"),
        ("SELECT name FROM users\nWHERE id = 1;\n", "sql"),
    ],
)
def test_code_without_a_name_is_what_it_parses_as(code: str, language: str) -> None:
    assert recognise(code) == Recognised(Language(language), is_guess=True)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x = 1",
        "hello world",
        "The quick brown fox.\nIt jumps over the lazy dog.\n",
        "import Flutter\nimport UIKit\n",  # Swift, Kotlin, Groovy
        "public class Main {",  # Java, C#, Kotlin
        "FROM python:3.12\nRUN python - <<PY\nimport sys\nprint(sys.version)\nPY\n",  # no grammar confirms a Dockerfile
        "Usage\n=====\n\nFirst import it::\n\n    from demo import run\n\nimport time\n\nThen call ``run``, which ",
        "import cython\n\ncpdef long fib(int n):\n    cdef long a = 0, b = 1\n    for i in range(n):\n        ",
    ],
)
def test_code_that_may_be_anything_is_of_an_unknown_language(code: str) -> None:
    assert recognise(code) == UNKNOWN


@pytest.mark.parametrize(
    ("prefix", "suffix", "language"),
    [
        ("def area(w, h)\n  ", "\nend\n\nputs area(2, 3)\n", "ruby"),
        ("import Foundation\n\nfunc total(_ items: [Item]) -> Double {\n    ", "\n}\n\nprint(total([]))\n", "swift"),
        (
            "package shop\n\ncase class Item(price: Double)\n\nobject Cart {\n  def total(): Double = {\n    ",
            "\n  }\n}\n",
            "scala",
        ),
        (
            "package shop\n\nclass Cart {\n    private val items = listOf(1)\n\n    fun total(): Int {\n        ",
            "\n    }\n}\n",
            "kotlin",
        ),
    ],
)
def test_both_sides_of_the_hole_are_evidence(prefix: str, suffix: str, language: str) -> None:
    assert recognise(prefix, suffix) == Recognised(Language(language), is_guess=True)


@pytest.mark.parametrize(
    ("path", "text", "recognised"),
    [
        ("a.h", "#pragma once\n#include <memory>\n\n", (Language.CPP, False)),
        ("a.h", "class Shape {\n public:\n  virtual ~Shape() = default;\n  ", (Language.CPP, False)),
        ("a.h", "#include <stdio.h>\n\nint sum(int a, int new);\n", (Language.C, False)),
        ("a.h", SAMPLES["objectivec"], (Language.OBJECTIVEC, False)),
        ("a.h", "", (Language.C, True)),
        ("a.m", SAMPLES["objectivec"], (Language.OBJECTIVEC, False)),
        ("a.m", "% area of a circle\nfunction a = area(r)\n  a = pi * r.^2;\nend\n", (Language.MATLAB, False)),
        ("site.conf", "server {\n  listen 80;\n", (Language.NGINX, False)),
        ("app.conf", "[main]\nkey = 1\n", (Language.INI, False)),
    ],
)
def test_languages_that_share_a_suffix_are_told_apart(path: str, text: str, recognised: tuple[Language, bool]) -> None:
    assert recognise(text, path=path) == recognised


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_is_recognised_or_unknown(name: str) -> None:
    assert recognise(SAMPLES[name]).language in {name, None, *RELATED.get(name, ())}


RELATED = {
    "tsx": {"typescript"},
    "ocaml_interface": {"ocaml"},
    "starlark": {"python"},
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_no_rival_parses_a_guess_better(name: str, data: st.DataObject) -> None:
    text = SAMPLES[name]
    at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    prefix, suffix = text[:at], text[end:]
    language, is_guess = recognise(prefix, suffix)
    if language is None or not is_guess:
        return
    grammars = {
        rival: grammar_for(rival, prefix + suffix) for rival in list(languages.lookalikes(prefix + suffix))[:COMPARED]
    }
    misfits = {rival: misfit(grammar, rival, prefix, suffix) for rival, grammar in grammars.items() if grammar}
    assert misfits[language] == min(misfits.values()) <= TOLERATED
