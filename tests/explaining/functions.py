"""One small function, written in many languages, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

Kind = Literal["call", "store", "add", "if", "each", "return", "raise"]


@dataclass(frozen=True)
class Line:
    """A statement: `name` is what is called, stored to, added to, tested, gone through, returned or raised."""

    kind: Kind
    name: str
    number: int = 0
    body: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Writing:
    """How a language writes the statements of a function; `{v}` is a variable, `{n}` a number, `{c}` a name of its own."""

    head: str
    parameter: str
    call: str
    store: str
    add: str
    test: str
    each: str
    returned: str
    raised: str
    close: str = "}"
    variable: str = "{v}"
    error: str = "{c}()"

    def function(self, name: str, parameters: list[str], body: tuple[Line, ...]) -> str:
        """The code of a function."""
        written = ", ".join(self.parameter.format(v=self.of(one)) for one in parameters)
        end = [self.close] if self.close else []
        return "\n".join([self.head.format(name=name, parameters=written), *self._lines(body, 1), *end])

    def of(self, variable: str) -> str:
        """How a variable is written."""
        return self.variable.format(v=variable)

    def _lines(self, body: tuple[Line, ...], depth: int) -> list[str]:
        forms = {"call": self.call, "store": self.store, "add": self.add, "if": self.test, "each": self.each}
        forms |= {"return": self.returned, "raise": self.raised}
        lines: list[str] = []
        for line in body:
            text = forms[line.kind].format(v=self.of(line.name), n=line.number, c=line.name, i=self.of("item"))
            lines.append("    " * depth + text)
            if line.kind in ("if", "each"):
                lines += self._lines(line.body, depth + 1)
                lines += ["    " * depth + self.close] if self.close else []
        return lines


PYTHON = Writing(
    head="def {name}({parameters}):",
    parameter="{v}",
    call="{c}({n})",
    store="{v}[0] = {n}",
    add="{v}.total += {n}",
    test="if {v} > {n}:",
    each="for {i} in {v}:",
    returned="return {v} + {n}",
    raised="raise {c}()",
    close="",
)
_BRACES = {
    "call": "{c}({n});",
    "store": "{v}[0] = {n};",
    "add": "{v}.total += {n};",
    "test": "if ({v} > {n}) {{",
    "returned": "return {v} + {n};",
    "raised": "throw new {c}();",
}
WRITINGS = {
    "python": PYTHON,
    "javascript": Writing(
        head="function {name}({parameters}) {{",
        parameter="{v}",
        each="for (const {i} of {v}) {{",
        error="new {c}()",
        **_BRACES,
    ),
    "typescript": Writing(
        head="function {name}({parameters}): number {{",
        parameter="{v}: any",
        each="for (const {i} of {v}) {{",
        error="new {c}()",
        **_BRACES,
    ),
    "java": Writing(
        head="int {name}({parameters}) {{", parameter="T {v}", each="for (T {i} : {v}) {{", error="new {c}()", **_BRACES
    ),
    "csharp": Writing(
        head="int {name}({parameters}) {{",
        parameter="T {v}",
        each="foreach (var {i} in {v}) {{",
        error="new {c}()",
        **_BRACES,
    ),
    "php": Writing(
        head="function {name}({parameters}) {{",
        parameter="{v}",
        each="foreach ({v} as {i}) {{",
        variable="${v}",
        error="new {c}()",
        **{**_BRACES, "add": "{v}->total += {n};"},
    ),
    "cpp": Writing(
        head="int {name}({parameters}) {{",
        parameter="T& {v}",
        each="for (auto& {i} : {v}) {{",
        **{**_BRACES, "raised": "throw {c}();"},
    ),
    "go": Writing(
        head="func {name}({parameters}) int {{",
        parameter="{v} T",
        call="{c}({n})",
        store="{v}[0] = {n}",
        add="{v}.total += {n}",
        test="if {v} > {n} {{",
        each="for _, {i} := range {v} {{",
        returned="return {v} + {n}",
        raised="panic({c}())",
    ),
    "rust": Writing(
        head="fn {name}({parameters}) -> i32 {{",
        parameter="{v}: &mut T",
        call="{c}({n});",
        store="{v}[0] = {n};",
        add="{v}.total += {n};",
        test="if {v} > {n} {{",
        each="for {i} in {v} {{",
        returned="return {v} + {n};",
        raised="panic!({c}());",
    ),
    "ruby": Writing(
        head="def {name}({parameters})",
        parameter="{v}",
        call="{c}({n})",
        store="{v}[0] = {n}",
        add="{v}.total += {n}",
        test="if {v} > {n}",
        each="for {i} in {v} do",
        returned="return {v} + {n}",
        raised="raise {c}()",
        close="end",
    ),
}

PARAMETERS = ["alpha", "beta", "gamma"]
CALLED = ["compute", "report", "notify"]
ERRORS = ["FirstError", "SecondError"]
_NUMBERS = st.integers(1, 99)


def _simple() -> st.SearchStrategy[Line]:
    given = st.sampled_from(PARAMETERS)
    return st.one_of(
        st.builds(Line, st.just("call"), st.sampled_from(CALLED), _NUMBERS),
        st.builds(Line, st.sampled_from(["store", "add", "return"]), given, _NUMBERS),
        st.builds(Line, st.just("raise"), st.sampled_from(ERRORS)),
    )


def _nested(inner: st.SearchStrategy[Line]) -> st.SearchStrategy[Line]:
    body = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(Line, st.sampled_from(["if", "each"]), st.sampled_from(PARAMETERS), _NUMBERS, body)


BODIES = st.lists(st.recursive(_simple(), _nested, max_leaves=6), min_size=1, max_size=4).map(tuple)
"""Bodies of functions that take `PARAMETERS`."""


def flat(body: tuple[Line, ...]) -> list[Line]:
    """All statements, in their order."""
    return [one for line in body for one in (line, *flat(line.body))]
