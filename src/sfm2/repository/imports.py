"""What a text imports: the module as it is written, and the names out of it as they are called there. See `imports.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from sfm2.repository.contents import Import

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Query

_LONGEST = 5_000  # characters of one import that are read
_DEEPEST = 8  # braces in braces
_COMMENT = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/")
_HASH_COMMENT = re.compile(r"#[^\n]*")
_WORD = re.compile(r"(?:type\s+|typeof\s+)?([\w$!@*]+)")
_QUOTED = re.compile(r"""(?:\w+\s*=\s*)?["']([^"']+)["']""")


@dataclass(frozen=True)
class ImportForms:
    """How files of a language name what they take from others."""

    nodes: tuple[str, ...]
    """Of the grammar; empty: lines of the text are looked at."""
    patterns: tuple[re.Pattern[str], ...]
    separator: str
    last: Literal["name", "both"]
    hash_comments: bool


@cache
def import_forms(language: str) -> ImportForms | None:
    """None for a language whose imports are not known."""
    table: Mapping[str, dict[str, Any]] = _table()["languages"]
    row = table.get(language)
    if row is None:
        return None
    row = table[row["like"]] if "like" in row else row
    return ImportForms(
        nodes=tuple(row.get("nodes", ())),
        patterns=tuple(re.compile(pattern, re.MULTILINE) for pattern in row["patterns"]),
        separator=row.get("separator", ""),
        last=row.get("last", "both"),
        hash_comments=language in ("python", "starlark"),
    )


def imports_in_tree(root: Node, text: bytes, grammar: Grammar, language: str) -> list[Import]:
    """In the order of the text, those inside functions included. `root`: of the tree of `text`."""
    forms = import_forms(language)
    if forms is None or not forms.nodes:
        return imports_in_text(text.decode(errors="replace"), language)
    from tree_sitter import QueryCursor

    captured = QueryCursor(_query(grammar, forms.nodes)).captures(root).get("import", [])
    found: list[Import] = []
    for node in sorted(captured, key=lambda one: one.start_byte):
        written = text[node.start_byte : min(node.end_byte, node.start_byte + _LONGEST)].decode(errors="replace")
        found += _read(written, node.start_point.row + 1, forms)
    return _once(found)


def imports_in_text(text: str, language: str) -> list[Import]:
    """The same by lines, without a grammar: examples in comments count, too."""
    forms = import_forms(language)
    if forms is None:
        return []
    found = []
    for pattern in forms.patterns:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip())) + 1
            found += _made(match, line, forms)
    return _once(sorted(found, key=lambda one: one.line))


def _read(written: str, line: int, forms: ImportForms) -> list[Import]:
    for pattern in forms.patterns:
        if match := pattern.match(written):
            return _made(match, line, forms)
    return []


def _made(match: re.Match[str], line: int, forms: ImportForms) -> list[Import]:
    groups = match.groupdict()
    if nested := groups.get("nested"):
        paths = _expanded(_COMMENT.sub("", nested), forms.separator)
        return _grouped([_parted(path, forms) for path in paths if path], line)
    if each := groups.get("each"):
        return [Import(name, (), line) for part in each.split(",") if (name := _name(part, r"[\w.]+"))]
    return [Import(groups["module"], tuple(_names(groups, forms)), line)] if groups["module"] else []


def _names(groups: Mapping[str, str | None], forms: ImportForms) -> Iterator[str]:
    if groups.get("star"):
        yield "*"
    if quoted := groups.get("quoted"):
        yield from _QUOTED.findall(quoted)
    comment = _HASH_COMMENT if forms.hash_comments else _COMMENT
    for part in comment.sub("", groups.get("names") or "").split(","):
        if found := _WORD.match(part.strip()):
            yield found[1]


def _name(written: str, pattern: str) -> str:
    found = re.match(pattern, written.strip())
    return found[0] if found else ""


def _expanded(path: str, separator: str, depth: int = 0) -> Iterator[str]:
    """`a::{b, c::{d, e}}` -> `a::b`, `a::c::d`, `a::c::e`."""
    start = path.find("{")
    if start < 0 or depth > _DEEPEST:
        for part in path.split(","):
            yield re.split(r"\s+as\s+|\s*=>\s*", part.strip(" {}\n\t;"))[0].strip()
        return
    before, inside = path[:start], path[start + 1 : path.rfind("}") if "}" in path else None]
    for part in _parts(inside):
        for rest in _expanded(part, separator, depth + 1):
            yield before.strip() + rest


def _parts(inside: str) -> Iterator[str]:
    """What is between the commas that are in no braces."""
    depth = start = 0
    for at, character in enumerate(inside):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            yield inside[start:at]
            start = at + 1
    if inside[start:].strip():
        yield inside[start:]


def _parted(path: str, forms: ImportForms) -> tuple[str, str]:
    """The module, and the name out of it."""
    before, _, last = path.rpartition(forms.separator)
    if last in ("*", "_", "self"):
        return before, "" if last == "self" else "*"
    return (before or path if forms.last == "name" else path), last if before or forms.last == "both" else ""


def _grouped(parted: list[tuple[str, str]], line: int) -> list[Import]:
    """An import for each module, with all its names."""
    names: dict[str, list[str]] = {}
    for module, name in parted:
        names.setdefault(module, []).extend([name] if name else [])
    return [Import(module, tuple(found), line) for module, found in names.items()]


def _once(found: list[Import]) -> list[Import]:
    """Without a call inside a statement that has been read: `{a} = require("b")`."""
    kept: list[Import] = []
    for one in found:
        if not any(one.module == other.module and one.line == other.line for other in kept[-8:]):
            kept.append(one)
    return kept


@cache
def _query(grammar: Grammar, nodes: tuple[str, ...]) -> Query:
    from tree_sitter import Query

    return Query(grammar, "[" + " ".join(f"({node})" for node in nodes) + "] @import")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("sfm2.repository") / "imports.toml").read_text(encoding="utf-8"))
