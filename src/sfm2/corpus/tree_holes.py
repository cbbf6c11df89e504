"""The holes of a file in any language with a tree-sitter grammar.

Lines are physical lines that begin with code; blocks are what is between the ends of a body, on lines of its own; spans run
from token to token. Comments, and strings over several lines, are left out. For Python see also `python_holes`, which knows
logical lines. Rows are lines counted from 0, as tree-sitter does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Self

from tree_sitter import Node, Parser, Tree

from sfm2.corpus.holes import BLOCK_LINES, LEAST, LONGEST, MOST_LINES, HoleSpan, fits
from sfm2.syntax.parsing.grammars import grammar_for

_SPANS = 40  # tried per file
MOST_ROWS = 6
"""The most lines of a hole of whole lines."""
FROM_LINE_BEFORE = 0.3
"""The share of holes of whole lines that begin at the end of the line before, with its line break."""
_BODIES = frozenset(
    {
        *("block", "statement_block", "compound_statement", "constructor_body", "function_body", "class_body"),
        *("declaration_list", "field_declaration_list", "body_statement", "do_group", "then"),
    }
)
_PROSE = ("comment", "string", "template", "heredoc", "raw_text", "char")  # in the names of nodes


class TreeFile:
    """A file that its grammar parses without an error."""

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self._nodes = list(_walk(tree.root_node))
        self._data = text.encode()
        rows = self._data.split(b"\n")
        self._rows = rows
        self._starts = [0, *accumulate(len(row) + 1 for row in rows)]

    @classmethod
    def read(cls, text: str, language: str) -> Self | None:
        """The file with the content `text`, or None if that does not parse or the grammar is not installed."""
        grammar = grammar_for(language, text)
        if grammar is None:
            return None
        tree = Parser(grammar).parse(text.encode())
        return None if tree.root_node.has_error else cls(text, tree)

    def holes(self, kind: str, random: Random) -> list[HoleSpan]:
        """The holes of a kind in the order of the file. `kind`: "line" and "block" give all, "span" a random sample."""
        cut = {"line": self._lines(), "block": self._blocks(), "span": self._spans(random)}[kind]
        holes = (HoleSpan(self._characters(start), self._characters(end)) for start, end in set(cut))
        return sorted(hole for hole in holes if fits(self.text, hole))

    def node(self, random: Random) -> HoleSpan | None:
        """A random syntax node, or a node with siblings that follow it; None when the draw is one that is left out.

        Its size is close to a length that is drawn log-uniformly from `LEAST` to `LONGEST` characters.
        """
        if not self._code:
            return None
        goal = exp(random.uniform(log(LEAST), log(LONGEST)))
        first = random.choice(self._code)
        while _size(first) < goal and first.parent is not None and _size(first.parent) <= LONGEST:
            first = first.parent
        last = first
        while last.end_byte - first.start_byte < goal and (after := last.next_sibling) is not None:
            if after.end_byte - first.start_byte > LONGEST:
                break
            last = after
        return self._hole(first.start_byte, self._visible_end(last))

    def rows(self, random: Random) -> HoleSpan | None:
        """Random whole lines of code, half of the time a single one; None when the draw is one that is left out.

        From after the first line's indentation to the last line's end, or from the end of the line before, where the cursor
        is when that line has just been typed.
        """
        if not self._code:
            return None
        first = random.choice(self._code).start_point.row
        more = random.choice((0, random.randrange(MOST_ROWS)))
        start, end = self._stripped(first, min(first + more, len(self._rows) - 1))
        if random.random() < FROM_LINE_BEFORE:
            start = len(self._data[:start].rstrip())
        return self._hole(start, end)

    def span(self, random: Random) -> HoleSpan | None:
        """A random span that begins within a token and ends anywhere, as a cursor and a suffix may begin within a word; None
        when the draw is one that is left out."""
        if not self._code:
            return None
        leaf = random.choice(self._code)
        start = self._characters(random.randrange(leaf.start_byte, leaf.end_byte))
        hole = HoleSpan(start, start + round(exp(random.uniform(log(LEAST), log(LONGEST)))))
        return hole if hole.end <= len(self.text) and fits(self.text, hole) else None

    def _hole(self, start: int, end: int) -> HoleSpan | None:
        hole = HoleSpan(self._characters(start), self._characters(end))
        return hole if fits(self.text, hole) else None

    @cached_property
    def _code(self) -> list[Node]:
        return list(self._leaves())

    def _lines(self) -> Iterator[tuple[int, int]]:
        """The code of each row that begins with a token, without rows that a string or comment begins or crosses."""
        prose: dict[int, list[Node]] = defaultdict(list)
        for node in self._leaves(prose=True):
            for row in range(node.start_point.row, node.end_point.row + 1):
                prose[row].append(node)
        for row in sorted({node.start_point.row for node in self._leaves()}):
            start, end = self._stripped(row, row)
            if all(start < node.start_byte and node.end_byte <= end for node in prose[row]):
                yield start, end

    def _blocks(self) -> Iterator[tuple[int, int]]:
        for node in self._nodes:
            inner = node.named_children if node.type in _BODIES else []
            if not inner:
                continue
            begin, finish = inner[0].start_byte, self._visible_end(inner[-1])
            first, last = self._row(begin), self._row(finish)
            start, end = self._stripped(first, last)
            below = node.start_point.row < first or node.start_byte == begin
            whole = start == begin and self._data[finish:end].strip() in (b"", b";", b",")
            if below and whole and last - first + 1 in BLOCK_LINES:
                yield start, end

    def _visible_end(self, node: Node) -> int:
        """The end of a node without trailing white space: some grammars count a line break to a block's last statement."""
        return node.start_byte + len(self._data[node.start_byte : node.end_byte].rstrip())

    def _row(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _spans(self, random: Random) -> Iterator[tuple[int, int]]:
        leaves = self._code
        for _ in range(min(_SPANS, len(leaves) // 2)):
            start = random.randrange(len(leaves) - 1)
            lines = random.randint(1, MOST_LINES)
            row = leaves[start].start_point.row
            near = [node for node in leaves[start + 1 : start + 100] if node.end_point.row - row < lines]
            if near:
                yield leaves[start].start_byte, random.choice(near).end_byte

    def _leaves(self, prose: bool = False) -> Iterator[Node]:
        """The tokens of code; or, with `prose`, comments and strings, each as a whole."""
        for node in self._nodes:
            is_prose = any(word in node.type for word in _PROSE)
            is_token = node.child_count == 0 and node.end_byte > node.start_byte
            if (is_prose and node.is_named) if prose else (is_token and not is_prose):
                yield node

    def _stripped(self, first: int, last: int) -> tuple[int, int]:
        """The byte offsets of rows `first` to `last`, without the first one's indentation and trailing white space."""
        start = self._starts[first] + len(self._rows[first]) - len(self._rows[first].lstrip())
        return start, self._starts[last] + len(self._rows[last].rstrip())

    def _characters(self, offset: int) -> int:
        return len(self._data[:offset].decode())


def _size(node: Node) -> int:
    return node.end_byte - node.start_byte


def _walk(root: Node) -> Iterator[Node]:
    """All nodes in the order of the text. Iterative, because generated code is nested deeper than Python recurses."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)
