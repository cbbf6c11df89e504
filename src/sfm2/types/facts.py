"""What can be read off code."""

from __future__ import annotations

from enum import StrEnum

from sfm2.types.wire import Wire


class CodeKind(StrEnum):
    """What a piece of code is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    SCRIPT = "script"


class CodeTrait(StrEnum):
    """What else a function is."""

    ASYNC = "async"
    GENERATOR = "generator"
    RECURSIVE = "recursive"


class ParameterFacts(Wire):
    """A parameter, as it is written."""

    name: str
    """With its marks, such as `*rest`"""
    type: str | None = None
    default: str | None = None


class CodeFacts(Wire):
    """What was read off the syntax tree of a definition, or of a script's own statements.

    Code is as it is written, on one line, and cut with `…` where it is long.
    """

    kind: CodeKind
    name: str = ""
    """With the class around it, such as `Stack.push`; empty for a script"""
    line: int
    """Where it begins, from 1"""
    signature: str = ""
    """Up to the body"""
    decorators: list[str] = []
    bases: list[str] = []
    """Of a class"""
    traits: list[CodeTrait] = []
    parameters: list[ParameterFacts] = []
    returns: list[str] = []
    """The expressions that it returns; empty: it returns nothing"""
    yields: list[str] = []
    raises: list[str] = []
    changes: list[str] = []
    """What it changes that outlives a call: attributes, arguments, outer names, files, output. Changes by what it calls are
    known for well-known names only"""
    calls: list[str] = []
    steps: list[str] = []
    """What it does in words, statement by statement, indented by two spaces a level; empty for long code"""
