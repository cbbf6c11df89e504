"""The table of languages, and that what is written elsewhere agrees with it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs.reference.languages import FILES, main

from sfm2 import languages
from sfm2.types import Language

ROOT = Path(__file__).parents[1]
TABLE = languages.table()


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("x.TSX", "typescript"),
        ("main.go", "go"),
        ("a.h", "c"),
        ("a/Rakefile", "ruby"),
        (".bashrc", "bash"),
        ("notes", None),
        ("a.xyz", None),
        ("Makefile", None),
        ("rakefile", None),
        ("py", None),
        ("", None),
    ],
)
def test_a_file_is_recognised_by_its_name(path: str, language: str | None) -> None:
    assert languages.of_path(path) == language


@pytest.mark.parametrize(
    ("editor_id", "language"),
    [
        ("python", "python"),
        ("Python", "python"),
        ("typescriptreact", "typescript"),
        ("shellscript", "bash"),
        ("cuda-cpp", "cpp"),
        ("plaintext", "text"),
        ("haskell", None),
        ("", None),
    ],
)
def test_an_editors_name_for_a_language(editor_id: str, language: str | None) -> None:
    assert languages.of_editor_id(editor_id) == language


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("def complex_algorithm():", "python"),
        ("class BinaryTree:", "python"),
        ("import pandas as pd", "python"),
        ("from os import path\n", "python"),
        ("function add(a, b) {", "javascript"),
        ("const x = 1", "javascript"),
        ("interface Point {\n  x: number", "typescript"),
        ("package main\n\nfunc main() {", "go"),
        ("fn main() {", "rust"),
        ("#include <iostream>\n", "cpp"),
        ("#include <stdio.h>\n", "c"),
        ("public class Main {", "java"),
        ("#!/bin/bash\n", "bash"),
        ("<?php\n", "php"),
        ("hello world", None),
    ],
)
def test_code_looks_like_its_language(code: str, language: str | None) -> None:
    assert languages.guess(code) == language


@pytest.mark.parametrize(
    ("language", "code", "without"),
    [
        ("python", "a # b\nc", "a \nc"),
        ("php", "a # b\nc // d\n/* e\n */f", "a \nc \nf"),
        ("javascript", "a # b", "a # b"),
        ("sql", "a -- it's\nb", "a \nb"),
        ("lua", "a --[[ b\nc ]] d -- e", "a  d "),
        ("html", "a <!-- b\n --> // c", "a  // c"),
        ("c", "a /* b\nc", "a "),
        ("text", "a # b // c", "a # b // c"),
        ("nonesuch", "a # b // c", "a # b // c"),
        (None, "a # b // c", "a # b // c"),
    ],
)
def test_comments_are_matched(language: str | None, code: str, without: str) -> None:
    assert re.sub(languages.comment_pattern(language), "", code) == without


@pytest.mark.parametrize(
    ("language", "text", "function"),
    [
        ("typescript", "let a = b < c", "language_typescript"),
        ("typescript", "let a = <b></b>", "language_tsx"),
        ("typescript", "let a = <b/>", "language_tsx"),
        ("php", "<?php f();", "language_php"),
        ("php", "f();", "language_php_only"),
        ("go", "f()", "language"),
    ],
)
def test_the_grammar_fits_the_text(language: str, text: str, function: str) -> None:
    grammar = TABLE[language].grammar
    assert grammar is not None
    assert grammar.function_for(text) == function


def test_an_unknown_language_may_have_any_comment() -> None:
    assert {"#", "//", "/*", "--", "<!--"} <= set(languages.comment_marks("nonesuch"))
    assert languages.comment_marks(None) == languages.comment_marks("text")
    assert languages.comment_marks("python") == ("#",)


def test_the_table_and_the_enumeration_agree() -> None:
    assert list(TABLE) == [language.value for language in Language]


def test_no_name_means_two_languages() -> None:
    ids = Counter(name for facts in TABLE.values() for name in (facts.name, *facts.editor_ids))
    files = Counter(name for facts in TABLE.values() for name in (*facts.suffixes, *facts.file_names))
    assert [name for name, count in (ids | files).items() if count > 1] == []
    assert all(name == name.lower() for name in ids)
    assert all(suffix == suffix.lower() for facts in TABLE.values() for suffix in facts.suffixes)


def test_every_look_has_its_place_in_the_order() -> None:
    order = tomllib.loads((ROOT / "src/sfm2/languages.toml").read_text(encoding="utf-8"))["guess_order"]
    assert sorted(order) == sorted(facts.name for facts in TABLE.values() if facts.looks_like)


def test_the_extra_syntax_brings_the_grammars() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    packages = [re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in extras["syntax"]]
    modules = {facts.grammar.module for facts in TABLE.values() if facts.grammar}
    assert packages == sorted({"tree-sitter", *(module.replace("_", "-") for module in modules)})


def test_generated_files_are_up_to_date() -> None:
    """`make openapi` writes them."""
    assert {path for path, made in FILES.items() if path.read_text(encoding="utf-8") != made()} == set()
    assert CliRunner().invoke(main, ["--check"]).exit_code == 0
