"""Where lines and blocks of Python end, according to CPython's own tokenizer and parser."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from sfm2.corpus.python_tree import parsed

_HEADER = "if 1:\n"  # turns indented lines into a block that parses
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue
_NO_CODE = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER})


class Line(NamedTuple):
    """The beginning of a logical line, or of a comment on a line of its own."""

    column: int
    """Its indentation in columns, with tab stops at multiples of 8."""
    comment: bool


def parses(source: str) -> bool:
    """Whether CPython's parser accepts `source`."""
    return parsed(source) is not None


def continues(lead: str, text: str) -> bool:
    """Whether `text` has code after its first logical line. `lead` is what precedes the hole on its line."""
    kinds = [line.comment for line in _lines(_block_of(lead + text))]
    return len(kinds) > 1 and not all(kinds[:-1])


def leaves_block(lead: str, text: str, expected: str) -> bool:
    """Whether a line of `text` is indented less than the block that `expected` begins.

    `lead` precedes the hole on its line.
    """
    column = _column(lead + expected)
    lines = list(_lines(_block_of(lead + text)))
    return any(line.column < column and (not line.comment or line is lines[-1]) for line in lines)


def ending(ours: str, theirs: str) -> Literal["exact", "over", "under"]:
    """Where the block `ours` ends, compared with the block `theirs`; see `stopping` for the rules."""
    our_body, their_body = _body(ours), _body(theirs)
    if our_body is None:
        return "under"  # its last line is continued after the hole
    if their_body is None:
        return "exact"
    if _has_dead_code(our_body) and not _has_dead_code(their_body):
        return "over"
    if not leaves(our_body) and leaves(their_body):
        return "under"
    try:
        plain = _plain(our_body)
    except RecursionError:  # a very long chain of operators
        return "over"
    return _by_lines(plain, _plain(their_body), falls_through=not leaves(our_body))


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether no code after `body` can run: it ends with `return`, `raise`, `break` or `continue` on every branch."""
    last = body[-1] if body else None
    match last:
        case ast.If():
            return leaves(last.body) and leaves(last.orelse)
        case ast.With() | ast.AsyncWith():
            return leaves(last.body)
        case ast.Try():
            tried = [last.orelse or last.body, *(handler.body for handler in last.handlers)]
            return leaves(last.finalbody) or all(leaves(branch) for branch in tried)
        case _:
            return isinstance(last, _LEAVING)


def _by_lines(ours: list[str], theirs: list[str], falls_through: bool) -> Literal["exact", "over", "under"]:
    if ours == theirs:
        return "exact"
    if theirs[: len(ours)] == ours or (falls_through and 2 * len(ours) < len(theirs)):
        return "under"
    if ours[: len(theirs)] == theirs or (falls_through and len(ours) > 2 * len(theirs) + 1):
        return "over"
    return "exact"


def _plain(body: list[ast.stmt]) -> list[str]:
    return ast.unparse(ast.Module(body, [])).split("\n")


def _has_dead_code(body: Sequence[ast.stmt]) -> bool:
    return any(leaves([statement]) for statement in body[:-1])


def _body(text: str) -> list[ast.stmt] | None:
    tree = parsed(_block_of(text))
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.If):
        return None
    return tree.body[0].body


def _block_of(text: str) -> str:
    return f"{_HEADER}{text}\n" if text[:1].isspace() else f"{text}\n"


def _lines(source: str) -> Iterator[Line]:
    """The lines of `source`, up to where the tokenizer fails; after a dedent that matches no level there are no more."""
    rows = source.split("\n")
    skip = source.startswith(_HEADER)
    fresh = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            comment = token.type == tokenize.COMMENT
            if fresh and (comment or token.type not in _NO_CODE) and not (skip and token.start[0] == 1):
                yield Line(_column(token.line), comment)
            fresh = token.type == tokenize.NEWLINE or (fresh and token.type in _NO_CODE)
    except IndentationError as error:
        if error.lineno is not None:
            yield Line(_column(rows[error.lineno - 1]), comment=False)
    except (tokenize.TokenError, SyntaxError):
        return


def _column(text: str) -> int:
    """The column of the first character that is not white space, in the first line that is not blank."""
    line = next((line for line in text.split("\n") if line.strip()), "").expandtabs(8)
    return len(line) - len(line.lstrip())
