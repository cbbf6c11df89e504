"""A syntax tree of a text that changes in one place. tree-sitter parses again only what changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tree_sitter import Language, Node, Parser, Point, Tree

from sfm2.syntax.parsing.parsing_time import ParsingTime

_SLICE = 4_096  # bytes; a scanner may look over one of them from each of its places, and nothing stops it meanwhile
_COUNTED = 1_000  # nodes between two looks at the clock


class Place(NamedTuple):
    """A completion in a text."""

    root: Node
    """Of the text's tree."""
    text: bytes
    start: int
    """The byte at which the completion begins."""
    end: int
    """The byte at which it ends."""


class IncrementalTree:
    """Counts the syntax errors in prefix + completion + suffix, for one completion after another.

    All methods raise `TimeoutError` once `time` is spent, or for a text that takes the parser over `at_most` seconds, such
    as 20,000 open tags in Bash. Offsets within the class are bytes of UTF-8.
    """

    def __init__(
        self, language: Language, prefix: str, suffix: str, time: ParsingTime | None = None, at_most: float = math.inf
    ) -> None:
        self._time = time or ParsingTime()
        self._at_most = at_most
        self._parser = Parser(language)
        self._prefix = _bytes(prefix)
        self._suffix = _bytes(suffix)
        self._start = _point(self._prefix)
        self._middle = b""
        self._tree: Tree | None = None

    def problems(self, completion: str) -> int:
        """The number of ERROR and MISSING nodes."""
        return self._count(self.root(completion), lambda _: True)

    def root(self, completion: str) -> Node:
        """The root of the tree with the completion in place. Its nodes have no `text`."""
        return self._parse(completion).root_node

    def place(self, completion: str) -> Place:
        """The completion in place."""
        root = self.root(completion)
        text = self._prefix + self._middle + self._suffix
        return Place(root, text, len(self._prefix), len(self._prefix) + len(self._middle))

    def problems_outside(self, first: int, last: int) -> int:
        """The number of such nodes with an empty completion that do not touch the rows from `first` to `last` (from 0)."""
        return self._count(self.root(""), lambda node: node.end_point.row < first or node.start_point.row > last)

    def _count(self, root: Node, counts: Callable[[Node], bool]) -> int:
        found = 0
        with self._time.spending(self._at_most) as is_over:
            for number, node in enumerate(problem_nodes(root)):
                found += counts(node)
                if number % _COUNTED == 0 and is_over():
                    raise TimeoutError("there are too many problems to count")
        return found

    def _parse(self, completion: str) -> Tree:
        middle = _bytes(completion)
        text = self._prefix + middle + self._suffix
        settings: dict[str, Any] = {}
        if self._tree is not None:
            self._edit(self._tree, middle)  # marks what changed; the rest of the old tree is reused
            settings["old_tree"] = self._tree
        with self._time.spending(self._at_most) as is_over:
            tree = _parsed(self._parser, text, is_over, settings)
        self._tree, self._middle = tree, middle
        if tree is None:
            raise TimeoutError("parsing took too long")
        return tree

    def _edit(self, tree: Tree, middle: bytes) -> None:
        """Tell the old tree which bytes are replaced by the new completion."""
        same = _common(self._middle, middle)
        at = len(self._prefix)
        tree.edit(
            start_byte=at + same,
            old_end_byte=at + len(self._middle),
            new_end_byte=at + len(middle),
            start_point=_moved(self._start, middle[:same]),
            old_end_point=_moved(self._start, self._middle),
            new_end_point=_moved(self._start, middle),
        )


def _parsed(parser: Parser, text: bytes, is_over: Callable[[], bool], settings: Mapping[str, Any]) -> Tree | None:
    """The tree; None if it took too long.

    The parser asks whether to go on between tokens. Within one it asks for text only, as a scanner that runs to the end of
    the file from each place does (Dart's, on emoji): it is told then that the text ends here. Both calls let other threads
    run, which a parser that is given the whole text does not.
    """
    is_cut = False

    def read(offset: int, _: Point) -> bytes:
        nonlocal is_cut
        is_cut = is_cut or is_over()
        return b"" if is_cut else text[offset : _character_start(text, offset + _SLICE)]

    try:
        tree = parser.parse(read, progress_callback=lambda *_: is_over(), **settings)
    except ValueError:  # what the binding raises when the callback ends the parsing
        parser.reset()
        return None
    return None if is_cut else tree


def _character_start(text: bytes, at: int) -> int:
    """Where the character begins that the byte at `at` is part of. tree-sitter crashes on a text that ends within one."""
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at -= 1
    return at


def root_with_text(language: Language, code: str, time: ParsingTime | None, at_most: float) -> Node:
    """The root of a tree whose nodes have a `text`. Raises `TimeoutError` for code that takes over `at_most` seconds.

    It is parsed twice: first to see that it ends, as nothing stops the parser of a whole text. The nodes of the first tree
    would call Python for their text, and crash where it has recursed too far to answer.
    """
    IncrementalTree(language, code, "", time, at_most).root("")
    return Parser(language).parse(_bytes(code)).root_node


def problem_nodes(root: Node) -> Iterator[Node]:
    """The ERROR and MISSING nodes of a tree."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        if node.has_error:
            pending.extend(node.children)


def _bytes(text: str) -> bytes:
    """UTF-8, with U+0001 for NUL: over 20,000 NULs the grammars of Bash and Svelte take seconds, whatever the limit."""
    return text.encode(errors="replace").replace(b"\0", b"\1")


def _point(text: bytes) -> Point:
    """The position of the text's end."""
    return Point(text.count(b"\n"), len(text) - (text.rfind(b"\n") + 1))


def _moved(start: Point, text: bytes) -> Point:
    """The position after `text` that begins at `start`."""
    rows = text.count(b"\n")
    return (
        Point(start.row + rows, len(text) - text.rfind(b"\n") - 1)
        if rows
        else Point(start.row, start.column + len(text))
    )


def _common(a: bytes, b: bytes) -> int:
    """The length of the longest common beginning, in bytes."""
    if b.startswith(a):
        return len(a)
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low
