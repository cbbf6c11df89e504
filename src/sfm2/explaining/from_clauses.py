"""A syntax tree of tree-sitter -> an outline, for languages whose statements are clauses, such as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node as TreeNode

from sfm2.explaining.outline import Node, Role, Trait
from sfm2.explaining.written import one_line

_HOLDERS = ("from", "insert", "update", "delete", "cte")
"""Clauses that others stand in; in all others they belong to a query inside, which is shown with them."""


def outline(root: TreeNode, clauses: Mapping[str, str]) -> Node:
    """`clauses`: by node type, how the clause begins in words."""
    body = tuple(clause for statement in root.named_children for clause in _clauses(statement, clauses))
    return Node(Role.SCRIPT, "", parts={"body": body}, line=1)


def _clauses(node: TreeNode, clauses: Mapping[str, str]) -> Iterator[Node]:
    """The clauses of a node in their order, each without those inside it."""
    is_whole = node.type in clauses and node.type not in _HOLDERS
    inner = [] if is_whole else [child for child in node.children if _is_in(child, clauses)]
    if node.type in clauses:
        shown = [child for child in node.children if not child.type.startswith("keyword_") or node.type == "join"]
        start = shown[0].start_byte if shown else node.end_byte
        end = inner[0].start_byte if inner else node.end_byte
        text = (node.text or b"")[start - node.start_byte : max(start, end) - node.start_byte].decode(errors="replace")
        traits = frozenset({Trait.BROKEN}) if node.has_error else frozenset[Trait]()
        yield Node(
            Role.CLAUSE, one_line(text).rstrip(" ("), clauses[node.type], line=node.start_point.row + 1, traits=traits
        )
    for child in inner:
        yield from _clauses(child, clauses)


def _is_in(node: TreeNode, clauses: Mapping[str, str]) -> bool:
    """Whether there is a clause in a node."""
    return node.type in clauses or any(_is_in(child, clauses) for child in node.named_children)
