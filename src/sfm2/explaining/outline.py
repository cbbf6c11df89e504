"""An outline: code of any language as a tree of few roles, which facts and words are read off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a node is in the code. Behind each, its parts; `word` is what stands in brackets."""

    # Definitions.
    SCRIPT = "script"  # body
    CLASS = "class"  # (name) bases, decorators, body
    FUNCTION = "function"  # (name; empty for one without) parameters, type, decorators, body, receiver
    PARAMETER = "parameter"  # (name) type, default
    # Statements.
    BLOCK = "block"  # body
    ASSIGN = "assign"  # (operator: = += ...) target, value
    RETURN = "return"  # value
    RAISE = "raise"  # value
    YIELD = "yield"  # value
    IF = "if"  # condition, body, otherwise
    EACH = "each"  # target, over, body
    WHILE = "while"  # before, condition, after, body
    SWITCH = "switch"  # subject, cases
    CASE = "case"  # value, condition, body
    ATTEMPT = "attempt"  # body, handlers, finally
    HANDLER = "handler"  # (the name of the error) type, body
    WITH = "with"  # items, body
    GLOBAL = "global"  # names
    CLAUSE = "clause"  # (how it begins, in words); its code is the rest
    NOTHING = "nothing"  # comments, imports, `pass`
    UPDATE = "update"  # `x++` in a table of node types; in an outline it is ASSIGN
    # Expressions.
    NAME = "name"  # (name)
    NUMBER = "number"
    TEXT = "text"
    OPERATION = "operation"  # (operator) operands: one or two
    CHOICE = "choice"  # condition, yes, no
    CALL = "call"  # (new, or run for a command) callee, arguments
    MEMBER = "member"  # (name) of
    ITEM = "item"  # of, index
    COMPREHENSION = "comprehension"  # (list, set, dict or empty for a generator) value, target, over, conditions
    OTHER = "other"  # parts: whatever is inside


class Trait(StrEnum):
    """What else there is to say of a node."""

    ASYNC = "async"
    BROKEN = "broken"  # has a syntax error
    DECLARES = "declares"  # an assignment to a new name
    DISCARDED = "discarded"  # an expression whose value is not used


@dataclass(frozen=True)
class Node:
    """A piece of code and its parts."""

    role: Role
    code: str
    """As it is written, on one line."""
    word: str = ""
    parts: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    line: int = 0
    """Counted from 1; 0 where it does not matter."""
    traits: frozenset[Trait] = frozenset()

    def part(self, name: str) -> Node | None:
        """The first of a part's nodes."""
        return next(iter(self.parts.get(name, ())), None)

    def all(self, name: str) -> tuple[Node, ...]:
        """A part's nodes."""
        return self.parts.get(name, ())

    @property
    def children(self) -> Iterator[Node]:
        """The nodes of all parts."""
        for nodes in self.parts.values():
            yield from nodes

    def below(self, *, nameless: bool = False) -> Iterator[Node]:
        """All nodes below this one, in their order. Functions and classes are given, and left closed: all of them, or with
        `nameless` only those that have a name."""
        for child in self.children:
            yield child
            is_closed = child.role in (Role.FUNCTION, Role.CLASS) and (bool(child.word) or not nameless)
            if not is_closed:
                yield from child.below(nameless=nameless)

    @property
    def body(self) -> Node:
        """Its body alone."""
        return Node(Role.BLOCK, "", parts={"body": self.all("body")})
