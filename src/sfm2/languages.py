"""The table of languages, `languages.toml`: what differs from one language to another, and how a language is recognised.

An unknown language, file name or editor's id is None and never a guess; only `guess` guesses, from the code itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import PurePath
from typing import Any, Literal

from sfm2.types import Language

GUESSED_FROM = 20_000  # characters of code that `guess` looks at
_NEVER = r"(?!)"  # a regular expression that matches nothing


@dataclass(frozen=True)
class BlockWords:
    """How blocks are recognised by single lines, without a parser."""

    opens: re.Pattern[str]
    """Is found in a line that begins a block."""
    continues: frozenset[str]
    """First words of lines at the indentation of the block's first line that continue the block, such as `else`."""
    defines: re.Pattern[str]
    """Matches the beginning of a definition; its first group is the new name."""
    labels: re.Pattern[str] = re.compile(_NEVER)
    """Matches other lines at that indentation that belong to the block: labels and cases."""


@dataclass(frozen=True)
class GrammarVariant:
    """A grammar to use instead, for texts that contain one of `contains`, or do not contain `lacks`."""

    function: str
    contains: tuple[str, ...] = ()
    lacks: str = ""

    def is_of(self, text: str) -> bool:
        return any(mark in text for mark in self.contains) or (self.lacks != "" and self.lacks not in text)


@dataclass(frozen=True)
class GrammarSource:
    """Where a tree-sitter grammar is found: `function` in the Python module `module`."""

    module: str
    function: str = "language"
    variants: tuple[GrammarVariant, ...] = ()
    """Other functions of the module; the first that fits the text is used."""

    def function_for(self, text: str) -> str:
        return next((variant.function for variant in self.variants if variant.is_of(text)), self.function)


@dataclass(frozen=True)
class LanguageFacts:
    """One language."""

    name: str
    """Its value on the wire, as in `Language`."""
    label: str
    """Its name for people."""
    kind: Literal["programming", "data", "markup", "prose"] = "programming"
    suffixes: tuple[str, ...] = ()
    """How names of its files end, in lower case with the dot."""
    file_names: tuple[str, ...] = ()
    """Whole names of its files, where the suffix says nothing."""
    editor_ids: tuple[str, ...] = ()
    """Editors' names for it besides `name`, in lower case."""
    indentation: int | Literal["tab"] = 4
    """One level of it in new code: a number of spaces, or a tab."""
    line_comments: tuple[str, ...] = ()
    """Marks that begin a comment up to the line's end."""
    block_comments: tuple[tuple[str, str], ...] = ()
    """Pairs of marks around a comment."""
    directives: tuple[str, ...] = ()
    """How lines begin that, like a comment, belong to the line after them: preprocessor directives and attributes."""
    blocks: BlockWords | None = None
    """None where nothing is known of its blocks."""
    grammar: GrammarSource | None = None
    """None where it has none: then nothing is parsed. Python is parsed by CPython, too."""
    looks_like: tuple[re.Pattern[str], ...] = ()
    """One of these is found (with `re.MULTILINE`) in code in this language, and rarely in other code."""

    @property
    def comment_marks(self) -> tuple[str, ...]:
        """How comments begin."""
        return (*self.line_comments, *(opening for opening, _ in self.block_comments))

    @cached_property
    def comment(self) -> str:
        """A regular expression that matches a comment: one without an end reaches to the end of the text."""
        blocks = [rf"{re.escape(start)}[\s\S]*?(?:{re.escape(end)}|\Z)" for start, end in self.block_comments]
        lines = [rf"{re.escape(mark)}[^\n]*" for mark in self.line_comments]
        return "|".join([*blocks, *lines]) or _NEVER


@cache
def table() -> Mapping[str, LanguageFacts]:
    """All languages by name, in the order of the file."""
    content = _content()
    blocks = {style: _block_words(words) for style, words in content["blocks"].items()}
    return {name: _facts(name, row, blocks) for name, row in content["languages"].items()}


def facts_of(language: str | None) -> LanguageFacts | None:
    """None for a language that is not in the table."""
    return table().get(language or "")


def comment_marks(language: str | None) -> tuple[str, ...]:
    """How comments begin; all known marks for a language whose comments are not known."""
    facts = facts_of(language)
    return (facts.comment_marks if facts else ()) or _all_comment_marks()


def comment_pattern(language: str | None) -> str:
    """A regular expression that matches a comment; it matches nothing for a language whose comments are not known."""
    facts = facts_of(language)
    return facts.comment if facts else _NEVER


def of_path(path: str) -> Language | None:
    """The language of a file, by its name; None for an unknown name."""
    name = PurePath(path).name
    found = _by_file_name().get(name) or _by_suffix().get(PurePath(name).suffix.lower())
    return Language(found) if found else None


def of_editor_id(editor_id: str) -> Language | None:
    """The language that an editor calls so, in any case; None for an unknown id."""
    found = _by_editor_id().get(editor_id.lower())
    return Language(found) if found else None


def guess(code: str) -> Language | None:
    """The language that code looks like, by its first `GUESSED_FROM` characters; None when it looks like none."""
    start = code[:GUESSED_FROM]
    return next((Language(name) for name, pattern in _looks() if pattern.search(start)), None)


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((files("sfm2") / "languages.toml").read_text(encoding="utf-8"))


def _facts(name: str, row: dict[str, Any], blocks: Mapping[str, BlockWords]) -> LanguageFacts:
    """A row of the table. Raises `TypeError` for a key that `LanguageFacts` does not have."""
    made: dict[str, Any] = {"name": name}
    if style := row.get("blocks"):
        made["blocks"] = blocks[style]
    if grammar := row.get("grammar"):
        made["grammar"] = _grammar(grammar)
    made["looks_like"] = tuple(re.compile(pattern, re.MULTILINE) for pattern in row.get("looks_like", ()))
    return LanguageFacts(**{**_frozen(row), **made})


def _block_words(row: dict[str, Any]) -> BlockWords:
    patterns = {key: re.compile(pattern) for key, pattern in row.items() if key != "continues"}
    return BlockWords(continues=frozenset(row["continues"]), **patterns)


def _grammar(row: dict[str, Any]) -> GrammarSource:
    variants = tuple(GrammarVariant(**_frozen(variant)) for variant in row.get("variants", ()))
    return GrammarSource(**{**row, "variants": variants})


def _frozen(row: dict[str, Any]) -> dict[str, Any]:
    """With tuples in place of lists."""
    return {key: _tuples(value) for key, value in row.items()}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@cache
def _by_suffix() -> dict[str, str]:
    return {suffix: name for name, facts in table().items() for suffix in facts.suffixes}


@cache
def _by_file_name() -> dict[str, str]:
    return {file: name for name, facts in table().items() for file in facts.file_names}


@cache
def _by_editor_id() -> dict[str, str]:
    return {editor_id: name for name, facts in table().items() for editor_id in (name, *facts.editor_ids)}


@cache
def _looks() -> list[tuple[str, re.Pattern[str]]]:
    return [(name, pattern) for name in _content()["guess_order"] for pattern in table()[name].looks_like]


@cache
def _all_comment_marks() -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark for facts in table().values() for mark in facts.comment_marks))
