"""The table of languages, `languages.toml`: what differs from one language to another, and how a language is recognised.

An unknown language, file name or editor's id is None and never a guess. What code looks like is told by `lookalikes`;
`sfm2.syntax.recognition` decides.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib.resources import files
from pathlib import PureWindowsPath
from typing import Any, Literal

from sfm2.types import Language

LOOKED_AT = 4_000  # characters of code that tell what it looks like
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
    """A grammar to use instead of the language's own.

    For texts that lack `lacks`; or for texts with one of the marks in `contains`, if it finds fewer errors in them.
    """

    function: str = "language"
    module: str | None = None
    """None: the language's own; an empty name: no grammar, where the language's own finds errors."""
    name: str = ""
    contains: tuple[str, ...] = ()
    lacks: str = ""


@dataclass(frozen=True)
class GrammarSource:
    """Where a tree-sitter grammar is found: `function` in the Python module `module`, called with `name` if there is one."""

    module: str
    function: str = "language"
    name: str = ""
    variants: tuple[GrammarVariant, ...] = ()
    one_dialect: bool = False
    """Whether the language has dialects that the grammar does not know, so that it refuses valid code."""

    def sources_for(self, text: str) -> list[GrammarSource]:
        """Where grammars for the text are found: the one that finds the fewest errors in it fits, the first if equal."""
        lacking = [variant for variant in self.variants if variant.lacks and variant.lacks not in text]
        if lacking:
            return [self._of(lacking[0])]
        marked = [variant for variant in self.variants if any(mark in text for mark in variant.contains)]
        return [self, *map(self._of, marked)]

    def _of(self, variant: GrammarVariant) -> GrammarSource:
        module = self.module if variant.module is None else variant.module
        return GrammarSource(module, variant.function, variant.name)


@dataclass(frozen=True)
class LanguageFacts:
    """One language."""

    name: str
    """Its value on the wire, as in `Language`."""
    label: str
    """Its name for people."""
    kind: Literal["programming", "data", "markup", "prose"] = "programming"
    extends: str | None = None
    """The language whose code is nearly always code in this one, too: C, for C++."""
    suffixes: tuple[str, ...] = ()
    """How names of its files end, in lower case with the dot."""
    file_names: tuple[str, ...] = ()
    """Whole names of its files, where the suffix says nothing; `*` is anything, as in `Dockerfile.*`."""
    interpreters: tuple[str, ...] = ()
    """Programs that a script's first line may name after `#!`, without their version."""
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


def block_words(language: str | None) -> BlockWords | None:
    """How blocks are recognised: as in most languages where nothing is known of this one; None in prose."""
    facts = facts_of(language)
    if facts is not None and facts.kind == "prose":
        return None
    return (facts.blocks if facts else None) or _any_block_words()


def comment_marks(language: str | None) -> tuple[str, ...]:
    """How comments begin; all known marks for a language whose comments are not known."""
    facts = facts_of(language)
    return (facts.comment_marks if facts else ()) or _all_comment_marks()


def comment_pattern(language: str | None) -> str:
    """A regular expression that matches a comment; it matches nothing for a language whose comments are not known."""
    facts = facts_of(language)
    return facts.comment if facts else _NEVER


def of_path(path: str) -> Language | None:
    """The language of a file, by its name: the likeliest, where languages share it. None for an unknown name."""
    return next(iter(all_of_path(path)), None)


def all_of_path(path: str) -> tuple[Language, ...]:
    """The languages that files with this name may be in, such as C and C++ for `.h`; empty for an unknown name."""
    name = PureWindowsPath(path).name  # splits at slashes of both kinds
    return _by_file_name().get(name) or _by_pattern(name) or _by_longest_suffix(name.lower())


def typical_name(language: str | None) -> str | None:
    """A name that a file in this language may have, such as `main.rb`; None for an unknown language."""
    facts = facts_of(language)
    if facts is None:
        return None
    return f"main{facts.suffixes[0]}" if facts.suffixes else next(iter(facts.file_names), None)


def of_interpreter(program: str) -> Language | None:
    """The language whose scripts this program runs; None for an unknown program."""
    found = _by_interpreter().get(program)
    return Language(found) if found else None


def of_editor_id(editor_id: str) -> Language | None:
    """The language that an editor calls so, in any case; None for an unknown id."""
    found = _by_editor_id().get(editor_id.lower())
    return Language(found) if found else None


def lookalikes(code: str) -> dict[Language, int]:
    """What code looks like by its first `LOOKED_AT` characters: each language with the number of places that look like it,
    the likeliest first. None of it is certain."""
    start = code[:LOOKED_AT].replace("\r\n", "\n")
    counts = {name: sum(1 for _ in look.finditer(start)) for name, look in _looks().items()}
    return {Language(name): count for name, count in sorted(counts.items(), key=lambda item: -item[1]) if count}


def bases(language: str) -> set[str]:
    """The languages whose code is code in this one, too: C for C++."""
    facts = facts_of(language)
    return {facts.extends, *bases(facts.extends)} if facts and facts.extends else set()


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
def _any_block_words() -> BlockWords:
    return _block_words(_content()["blocks"]["any"])


@cache
def _by_suffix() -> dict[str, tuple[Language, ...]]:
    return _sharers((suffix, name) for name, facts in table().items() for suffix in facts.suffixes)


@cache
def _by_file_name() -> dict[str, tuple[Language, ...]]:
    return _sharers((file, name) for name, facts in table().items() for file in facts.file_names)


def _sharers(named: Iterable[tuple[str, str]]) -> dict[str, tuple[Language, ...]]:
    """The languages of each name, in the table's order."""
    found: dict[str, tuple[Language, ...]] = {}
    for key, language in named:
        found[key] = (*found.get(key, ()), Language(language))
    return found


def _by_pattern(name: str) -> tuple[Language, ...]:
    return next((found for pattern, found in _patterns() if fnmatchcase(name, pattern)), ())


@cache
def _patterns() -> list[tuple[str, tuple[Language, ...]]]:
    return [(pattern, found) for pattern, found in _by_file_name().items() if "*" in pattern]


def _by_longest_suffix(name: str) -> tuple[Language, ...]:
    """`.blade.php` says more than `.php`. A name that begins with its only dot has no suffix."""
    dots = [at for at, character in enumerate(name) if character == "." and at > 0]
    return next((found for at in dots if (found := _by_suffix().get(name[at:]))), ())


@cache
def _by_interpreter() -> dict[str, str]:
    return {program: name for name, facts in table().items() for program in facts.interpreters}


@cache
def _by_editor_id() -> dict[str, str]:
    return {editor_id: name for name, facts in table().items() for editor_id in (name, *facts.editor_ids)}


@cache
def _looks() -> dict[str, re.Pattern[str]]:
    looks = {name: "|".join(look.pattern for look in facts.looks_like) for name, facts in table().items()}
    return {name: re.compile(look, re.MULTILINE) for name, look in looks.items() if look}


@cache
def _all_comment_marks() -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark for facts in table().values() for mark in facts.comment_marks))
