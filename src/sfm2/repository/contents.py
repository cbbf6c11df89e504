"""What a repository index holds and finds. Lines are counted from 1 and both ends belong; paths are relative, with `/`."""

from __future__ import annotations

from typing import NamedTuple


class Passage(NamedTuple):
    """Lines of a file that belong together."""

    path: str
    """Empty in the outline of a text that is no file."""
    first: int
    last: int
    text: str
    """As it is in the file, without the last line break."""


class Definition(NamedTuple):
    """Where a name gets its meaning."""

    name: str
    kind: str
    """One of "class", "interface", "struct", "enum", "trait", "impl", "module", "type", "function", "method", "macro",
    "variable" (of a file or module), "field" (of a class or the like) and "member" (of an enum)."""
    parent: str
    """The name of the definition that it is in; empty at the top."""
    passage: Passage
    """All of it, with its decorators and the comment right above."""


class Defined(NamedTuple):
    """A definition by its lines, from 1, both inclusive."""

    name: str
    kind: str
    parent: str
    first: int
    last: int


class Import(NamedTuple):
    """What a file takes from another one."""

    module: str
    """The module or path as it is written, such as `.shop`, `./cart`, `fmt`, `crate::net` or `sys/types.h`."""
    names: tuple[str, ...]
    """What is taken out of it, as it is called there; `*` for everything, empty for the module itself."""
    line: int


class Outline(NamedTuple):
    """What can be read off one text without the others."""

    passages: list[Passage]
    definitions: list[Definition]
    imports: list[Import]


class IndexSize(NamedTuple):
    """How much an index has."""

    files: int
    lines: int
    passages: int
    definitions: int
    bytes: int
    """Of its file."""


class Update(NamedTuple):
    """What an update of an index did."""

    added: int
    changed: int
    removed: int
    lines: int
    """Of the files that were added or changed."""
    seconds: float
