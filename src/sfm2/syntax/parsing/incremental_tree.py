"""A syntax tree of a text that changes in one place. tree-sitter parses again only what changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tree_sitter import Language, Node, Parser, Point, Tree

TIME_LIMIT = 1.0  # seconds for one parse; 1 MB of ordinary code takes half of that
_SLICE = 65_536  # bytes


class IncrementalTree:
    """Counts the syntax errors in prefix + completion + suffix, for one completion after another.

    All methods raise `TimeoutError` for a text that takes the parser longer than `TIME_LIMIT`, such as 20,000 open tags in
    Bash. Offsets within the class are bytes of UTF-8.
    """

    def __init__(self, language: Language, prefix: str, suffix: str) -> None:
        self._parser = Parser(language)
        self._prefix = prefix.encode(errors="replace")
        self._suffix = suffix.encode(errors="replace")
        self._start = _point(self._prefix)
        self._middle = b""
        self._tree: Tree | None = None

    def problems(self, completion: str) -> int:
        """The number of ERROR and MISSING nodes."""
        return sum(1 for _ in self._problem_nodes(completion))

    def problems_outside(self, first: int, last: int) -> int:
        """The number of such nodes with an empty completion that do not touch the rows from `first` to `last` (from 0)."""
        nodes = self._problem_nodes("")
        return sum(1 for node in nodes if node.end_point.row < first or node.start_point.row > last)

    def _problem_nodes(self, completion: str) -> Iterator[Node]:
        pending = [self._parse(completion).root_node]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                yield node
            if node.has_error:
                pending.extend(node.children)

    def _parse(self, completion: str) -> Tree:
        middle = completion.encode(errors="replace")
        text = self._prefix + middle + self._suffix
        deadline = time.monotonic() + TIME_LIMIT
        settings: dict[str, Any] = {"progress_callback": lambda *_: time.monotonic() > deadline}
        if self._tree is not None:
            self._edit(self._tree, middle)  # marks what changed; the rest of the old tree is reused
            settings["old_tree"] = self._tree
        try:
            tree = self._parser.parse(lambda offset, _: text[offset : offset + _SLICE], **settings)
        except ValueError as error:  # what the binding raises when the callback ends the parsing
            self._parser.reset()
            self._tree = None
            raise TimeoutError(f"parsing took over {TIME_LIMIT:g} s") from error
        self._tree, self._middle = tree, middle
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
