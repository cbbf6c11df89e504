"""How well the text around a hole parses in a language: the evidence that it is written in it.

The hole is filled with what may stand in it, and rows with errors are counted: not the errors, of which a foreign text may
have a single one as long as itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Language as Grammar
from tree_sitter import Node

from sfm2.languages import block_words, comment_marks
from sfm2.syntax.lines import indent
from sfm2.syntax.parsing import closers
from sfm2.syntax.parsing.incremental_tree import IncrementalTree, problem_nodes
from sfm2.syntax.parsing.parsing_time import ParsingTime

PARSED = 2_000  # characters of the text that are parsed
HOPELESS = 0.3  # share of rows with errors that no other filling mends, if it is more than `FEW` rows
FEW = 3
TIME_LIMIT = 0.1  # seconds for one parse; a text takes a foreign grammar the longest


def misfit(grammar: Grammar, language: str, prefix: str, suffix: str, time: ParsingTime | None = None) -> float:
    """The share of rows of code with errors, in [0, 1], with the best filling; 1 for a text that takes too long to parse.

    Of a long text only the beginning is read, as a text from the middle of a file has errors in any language.
    """
    before, after = _beginning(prefix, suffix)
    tree = IncrementalTree(grammar, before, after, time, TIME_LIMIT)
    rows = max(1, len(_code_rows(before + after, language)))
    best = 1.0
    for filling in _fillings(before, after, language):
        try:
            root = tree.root(filling)
        except TimeoutError:
            break
        best = min(best, len(_wrong_rows(root, before + filling + after, language)) / rows)
        if best == 0 or best > max(HOPELESS, FEW / rows):
            break
    return best


def _wrong_rows(root: Node, text: str, language: str) -> set[int]:
    """The rows of code with errors, and those that are no part of the tree: a scanner that breaks leaves out the rest."""
    if not root.has_error:
        return set()
    wrong = {row for node in problem_nodes(root) for row in _rows(node)}
    covered = {row for child in root.children for row in range(child.start_point.row, child.end_point.row + 1)}
    return wrong | (_code_rows(text, language) - covered)


def _code_rows(text: str, language: str) -> set[int]:
    """The rows that are neither blank nor comments."""
    marks = (*comment_marks(language), "*")
    return {row for row, line in enumerate(text.split("\n")) if line.strip() and not line.lstrip().startswith(marks)}


def _beginning(prefix: str, suffix: str) -> tuple[str, str]:
    """The beginning of the text, up to the end of a line, in two parts: before the hole and after it."""
    room = PARSED - len(prefix)
    if room <= 0:
        return prefix[: prefix.rfind("\n", 0, PARSED) + 1], ""
    return prefix, suffix if len(suffix) <= room else suffix[: suffix.rfind("\n", 0, room) + 1]


def _fillings(before: str, after: str, language: str) -> Iterator[str]:
    """Nothing, a name, or what closes the brackets and blocks that are open where no code follows."""
    yield ""
    yield "x"
    if not after.strip():
        for filling in ("", "x"):
            yield from (filling + closer for closer in closers.closers(before, filling, language))
            if ends := _ends(before, language):
                yield filling + ends


def _ends(before: str, language: str) -> str:
    """An `end` for each block that is open, by its indentation, in languages whose blocks end so."""
    words = block_words(language)
    if words is None or "end" not in words.continues:
        return ""
    count, least = 0, float("inf")
    for line in reversed(before.split("\n")):
        if line.strip() and indent(line) < least:
            least = indent(line)
            count += bool(words.opens.search(line.rstrip()))
    return "\nend" * count


def _rows(problem: Node) -> set[int]:
    """The rows of an error: those of the tokens that have no place in the tree, not of the code between them that has."""
    tokens = {child.start_point.row for child in problem.children if not child.children}
    return tokens or {problem.start_point.row}
