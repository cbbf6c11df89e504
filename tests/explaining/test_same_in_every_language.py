"""The facts of generated functions are those that they were made of, in every language alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from sfm2.explaining import from_tree, read
from sfm2.explaining.facts import facts
from sfm2.explaining.node_types import node_types
from sfm2.explaining.steps import MOST_STEPS
from sfm2.types import CodeFacts, CodeKind
from tests.explaining.functions import BODIES, PARAMETERS, WRITINGS, Line, Writing, flat


def unique(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


def check(found: list[CodeFacts], writing: Writing, body: tuple[Line, ...]) -> None:
    (function,) = found
    lines = flat(body)
    assert (function.kind, function.name, function.line) == (CodeKind.FUNCTION, "work", 1)
    assert [one.name for one in function.parameters] == [writing.of(one) for one in PARAMETERS]
    returned = [f"{writing.of(line.name)} + {line.number}" for line in lines if line.kind == "return"]
    assert function.returns == unique(returned)
    raised = [writing.error.format(c=line.name) for line in lines if line.kind == "raise"]
    assert [one.split("(")[0] for one in function.raises] == unique([one.split("(")[0] for one in raised])
    assert set(function.calls) >= {line.name for line in lines if line.kind == "call"}
    stored = [f"{writing.of(line.name)}[0]" for line in lines if line.kind == "store"]
    added = [f"{writing.of(line.name)}.total".replace("$", "") for line in lines if line.kind == "add"]
    changed = {one.replace("->", ".").replace("$", "") for one in function.changes}
    assert changed == {one.replace("$", "") for one in (*stored, *added)}
    assert (function.traits, function.yields) == ([], [])


def steps_of(body: tuple[Line, ...], writing: Writing, indent: str = "") -> list[str]:
    """What the steps must be, but for what is raised."""
    found = []
    for line in body:
        v = writing.of(line.name)
        forms = {
            "call": f"calls `{line.name}({line.number})`",
            "store": f"sets `{v}[0]` to `{line.number}`",
            "add": f"adds {line.number} to `{v}.total`",
            "if": f"if `{v}` is greater than {line.number}:",
            "each": f"for each `item` of `{v}`:",
            "return": f"returns `{v} + {line.number}`, that is the sum of `{v}` and {line.number}",
            "raise": "raises",
        }
        found += [indent + forms[line.kind], *steps_of(line.body, writing, indent + "  ")]
    return found


@pytest.mark.parametrize("language", WRITINGS)
@given(body=BODIES)
@settings(max_examples=15, deadline=None)
def test_facts_are_what_the_function_was_made_of(language: str, body: tuple[Line, ...]) -> None:
    writing = WRITINGS[language]
    body = (*body, Line("return", "alpha", 100))  # Ruby returns whatever stands last
    found = read(writing.function("work", PARAMETERS, body), language)
    check(found, writing, body)
    told = [line if "raises" not in line else line.split("raises")[0] + "raises" for line in found[0].steps]
    told = [line.replace("->", ".").replace("`_, item`", "`item`").replace("`$item`", "`item`") for line in told]
    expected = steps_of(body, writing)
    assert told == (expected if len(expected) <= MOST_STEPS else [])


@given(body=BODIES)
@settings(max_examples=15, deadline=None)
def test_python_is_read_by_its_grammar_where_this_python_cannot(body: tuple[Line, ...]) -> None:
    code = WRITINGS["python"].function("work", PARAMETERS, body)
    types = node_types("python")
    root = from_tree.outline(code, "python")
    assert types is not None
    assert root is not None
    assert facts(root, types) == read(code, "python")


@pytest.mark.parametrize("language", WRITINGS)
@given(body=BODIES)
@settings(max_examples=10, deadline=None)
def test_a_function_with_a_syntax_error_has_no_facts_and_its_neighbour_has(
    language: str, body: tuple[Line, ...]
) -> None:
    writing = WRITINGS[language]
    whole = writing.function("work", PARAMETERS, body)
    broken = writing.function("other", ["alpha"], (Line("return", "alpha) (", 1),))
    assert "work" in [one.name for one in read(f"{whole}\n\n{broken}\n", language)]
    assert "other" not in [one.name for one in read(f"{whole}\n\n{broken}\n", language)]
