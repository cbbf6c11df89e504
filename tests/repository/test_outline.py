"""What is read off one text, in each language."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.languages import of_path
from sfm2.repository.contents import Definition, Import
from sfm2.repository.imports import imports_in_text
from sfm2.repository.outline import outline
from sfm2.repository.passages import LONG

SAMPLES = sorted(path for path in (Path(__file__).parents[1] / "samples").rglob("*") if path.is_file())

CASES = tomllib.loads((Path(__file__).parent / "outlines.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", CASES)
def test_definitions_and_imports(language: str) -> None:
    case = CASES[language]
    found = outline(case["text"], language)
    assert [_shown(one) for one in found.definitions] == case["definitions"]
    shown = [f"{one.line} {one.module}" + (f": {', '.join(one.names)}" if one.names else "") for one in found.imports]
    assert shown == case["imports"]


def _shown(one: Definition) -> str:
    parent = f"{one.parent}." if one.parent else ""
    return f"{one.kind} {parent}{one.name} {one.passage.first}-{one.passage.last}"


def test_a_language_without_a_grammar_has_windows_and_imports_by_lines() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    found = outline(text, "nim")
    assert found.definitions == []
    assert [one.last - one.first + 1 for one in found.passages] == [30, 30, 40]
    assert outline(text, None).passages == found.passages
    assert imports_in_text('package p\nimport "fmt"\n', "go") == [Import("fmt", (), 2)]


def test_a_long_class_is_cut_into_its_members() -> None:
    method = "    def go{0}(self):\n" + "        x = 1\n" * 12 + "\n"
    text = "class Long:\n    '''Doc.'''\n\n" + "".join(method.format(number) for number in range(5))
    passages = outline(text, "python").passages
    assert [one.text.split("\n")[0].strip() for one in passages] == [
        "class Long:", *(f"def go{number}(self):" for number in range(1, 5))
    ]  # fmt: skip


def test_small_neighbours_are_one_passage() -> None:
    text = "import os\n\nA = 1\n\n\ndef f():\n    return A\n\n\ndef g():\n    return f()\n"
    assert [(one.first, one.last) for one in outline(text, "python").passages] == [(1, 11)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_line_of_a_sample_is_in_one_passage(path: Path) -> None:
    text = path.read_bytes().decode()
    _check(text, of_path(path.name))


@given(
    st.lists(
        st.sampled_from(["class A:", "  def f(self):", "    x = 1", "def g(): pass", "", "#", "}", "if x {", "é = '''"])
    ),
    st.sampled_from(["python", "javascript", "c", "rust", "ruby", None]),
)
@settings(deadline=None)
def test_every_line_of_any_text_is_in_one_passage(lines: list[str], language: str | None) -> None:
    _check("\n".join(lines), language)


def _check(text: str, language: str | None) -> None:
    lines = text.split("\n")
    found = outline(text, language)
    covered = [line for one in found.passages for line in range(one.first, one.last + 1)]
    assert covered == sorted(set(covered))
    assert all(number in covered for number, line in enumerate(lines, 1) if line.strip())
    for one in found.passages:
        assert one.text == "\n".join(lines[one.first - 1 : one.last])
        assert one.last - one.first < LONG
    for definition in found.definitions:
        assert 1 <= definition.passage.first <= definition.passage.last <= len(lines)
