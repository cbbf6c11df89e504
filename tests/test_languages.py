"""The table of languages, and that what is written elsewhere agrees with it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs.reference.languages import FILES, main
from tree_sitter import Language as Grammar

from sfm2 import languages
from sfm2.syntax.parsing.grammars import grammar_for
from sfm2.syntax.parsing.incremental_tree import IncrementalTree
from sfm2.types import Language

ROOT = Path(__file__).parents[1]
TABLE = languages.table()
SAMPLES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "samples").iterdir()}


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("x.TSX", "tsx"),
        ("main.go", "go"),
        ("a.h", "c"),  # the likeliest of three
        ("a/Rakefile", "ruby"),
        (".bashrc", "bash"),
        ("notes", None),
        ("a.xyz", None),
        ("Makefile", "makefile"),
        ("Dockerfile.dev", "dockerfile"),
        ("docker/Dockerfile", "dockerfile"),
        ("list.blade.php", "blade"),
        ("app.html.erb", "erb"),
        (".env.local", "dotenv"),
        ("a.R", "r"),
        ("lib/a.mli", "ocaml_interface"),
        ("Jenkinsfile", "groovy"),
        ("rakefile", "ruby"),
        ("RAKEFILE", None),
        ("C:\\src\\Vagrantfile", "ruby"),
        ("a.b.py", "python"),
        (".py", None),
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
        ("shellscript", "bash"),
        ("cuda-cpp", "cuda"),
        ("typescriptreact", "tsx"),
        ("terraform", "hcl"),
        ("plaintext", "text"),
        ("fnord", None),
        ("", None),
    ],
)
def test_an_editors_name_for_a_language(editor_id: str, language: str | None) -> None:
    assert languages.of_editor_id(editor_id) == language


@pytest.mark.parametrize("language", [name for name, facts in TABLE.items() if facts.looks_like and name in SAMPLES])
def test_code_looks_like_its_language(language: str) -> None:
    assert language in languages.lookalikes(SAMPLES[language])


def test_prose_looks_like_no_code() -> None:
    assert languages.lookalikes("hello world") == {}


def test_a_language_extends_another_one_and_what_that_extends() -> None:
    assert languages.bases("cpp") == {"c"}
    assert languages.bases("python") == languages.bases("nonesuch") == set()
    assert {facts.extends for facts in TABLE.values()} <= {None, *TABLE}


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
    ("language", "text", "likewise"),
    [
        ("typescript", "let a = b < c", "typescript"),
        ("typescript", "let a = <b></b>", "tsx"),
        ("typescript", "let a = <b/>", "tsx"),
        ("typescript", "// <b>bold</b>\nlet a = <any>b", "typescript"),  # a cast is no tag
        ("php", "<?php f();", "php"),
        ("html", "<p>{{ name }}</p>", "html"),
        ("yaml", "a: 1\nb: '{{ c }}'\n", "yaml"),
    ],
)
def test_the_grammar_that_fits_the_text_is_taken(language: str, text: str, likewise: str) -> None:
    assert grammar_for(language, text) == grammar_for(likewise, "<?")


def test_php_without_a_tag_is_all_code() -> None:
    grammar = grammar_for("php", "f();")
    assert grammar is not None
    assert _problems(grammar, "f();") == 0
    assert _problems(grammar, "f(;") > 0


@pytest.mark.parametrize(
    ("language", "template"),
    [
        ("yaml", "a:\n{{- if .Values.b }}\n  b: {{ .Values.b | quote }}\n{{- end }}\n"),
        ("html", "<ul {% if x %}class='{{ c }}'{% endif %}>\n<% f() %>\n</ul>\n"),
    ],
)
def test_a_template_is_not_judged_as_what_it_makes(language: str, template: str) -> None:
    grammar = grammar_for(language, template)
    assert grammar is None or _problems(grammar, template) == 0
    assert grammar != grammar_for(language, "")


@pytest.mark.parametrize("language", [facts.name for facts in TABLE.values() if facts.grammar])
def test_every_grammar_loads_and_parses_its_language(language: str) -> None:
    text = SAMPLES[language]
    grammar = grammar_for(language, text)
    assert grammar is not None
    assert _problems(grammar, text) == 0
    assert _problems(grammar, text + "\n) ] } ⟂ <<<\n") > 0 or language in _LENIENT


_LENIENT: frozenset[str] = frozenset()  # their grammars accept any text


def _problems(grammar: Grammar, text: str) -> int:
    return IncrementalTree(grammar, text, "").problems("")


def test_an_unknown_language_may_have_any_comment() -> None:
    assert {"#", "//", "/*", "--", "<!--"} <= set(languages.comment_marks("nonesuch"))
    assert languages.comment_marks(None) == languages.comment_marks("text")
    assert languages.comment_marks("python") == ("#",)


def test_the_table_and_the_enumeration_agree() -> None:
    assert list(TABLE) == [language.value for language in Language]


def test_only_suffixes_are_shared_by_languages() -> None:
    ids = Counter(name for facts in TABLE.values() for name in (facts.name, *facts.editor_ids))
    programs = Counter(name for facts in TABLE.values() for name in facts.interpreters)
    files = Counter(name for facts in TABLE.values() for name in facts.file_names)
    suffixes = Counter(suffix for facts in TABLE.values() for suffix in facts.suffixes)
    assert [name for names in (ids, programs, files) for name, count in names.items() if count > 1] == []
    assert {name for name, count in suffixes.items() if count > 1} == {".h", ".m", ".conf"}
    assert all(name == name.lower() for name in (*ids, *suffixes))


def test_the_extras_bring_the_grammars() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    packages = [re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in extras["syntax"]]
    grammars = [facts.grammar for facts in TABLE.values() if facts.grammar]
    modules = {name for one in grammars for name in (one.module, *(variant.module for variant in one.variants)) if name}
    assert packages == sorted({"tree-sitter", *(name.replace("_", "-") for name in modules)} - {"semble-grammars"})
    assert extras["more-syntax"] == ["semble-grammars>=0.1.2", "sfm2[syntax]"]


def test_generated_files_are_up_to_date() -> None:
    """`make openapi` writes them."""
    assert {path for path, made in FILES.items() if path.read_text(encoding="utf-8") != made()} == set()
    assert CliRunner().invoke(main, ["--check"]).exit_code == 0
