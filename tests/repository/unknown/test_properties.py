"""What must hold for any code: nothing that is there is called unknown, and nothing ends in an error."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfm2.repository.unknown.python_bindings import bindings
from tests.repository.unknown.conftest import Judges

NAMES = st.from_regex(r"[a-z]{2,6}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
# Ways to bind a name at the top level of a module; each runs by itself.
FORMS = (
    "{} = 1",
    "{}: int = 1",
    "{}, other = 1, 2",
    "[*{}] = ()",
    "def {}(inner): local = 1",
    "async def {}(): ...",
    "class {}:\n    field = 1",
    "import os.path as {}",
    "from os import path as {}",
    "for {} in range(2): pass",
    "with memoryview(b'') as {}: pass",
    "if True:\n    {} = 1",
    "while True:\n    {} = 1\n    break",
    "try:\n    {} = 1\nfinally:\n    pass",
    "print({} := 1, end='')",
    "match 1:\n    case {}: pass",
    "match [1, 2]:\n    case [_, *{}]: pass",
    "match {{}}:\n    case {{**{}}}: pass",
    "def setting():\n    global {0}\n    {0} = 1\nsetting()",
    "@staticmethod\ndef {}(): ...",
)
MODULES = st.lists(st.tuples(st.sampled_from(FORMS), NAMES), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MODULES)
def test_all_that_a_module_has_once_it_ran_is_among_its_names(parts: list[tuple[str, str]]) -> None:
    text = "\n".join(form.format(name) for form, name in parts)
    names: dict[str, object] = {}
    exec(text, names)
    found = bindings(text)
    assert found is not None
    assert (
        names.keys() - {"__builtins__", "__annotations__", "__annotate__", "__conditional_annotations__"} <= found.names
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MODULES, NAMES)
def test_a_name_inside_of_a_function_or_class_is_none_of_the_module(parts: list[tuple[str, str]], name: str) -> None:
    text = "\n".join(form.format(other) for form, other in parts if "global" not in form)
    found, with_more = (
        bindings(text),
        bindings(f"{text}\ndef zzz({name}):\n    {name} = 1\nclass yyy:\n    {name} = 1\n"),
    )
    assert found is not None
    assert with_more is not None
    assert with_more.names - {"zzz", "yyy"} == found.names - {"zzz", "yyy"}


PIECES = [
    "import ",
    "from ",
    "shop",
    ".",
    ".model",
    " as m",
    "{ a }",
    "'./cart'",
    '"x/y"',
    "(",
    ")",
    "\n",
    "\\",
    "é",
    "\0",
    "\r",
    "m.x",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join)


@pytest.mark.parametrize("path", ["shop/new.py", "src/new.ts", "new.js", "new.go", "new.rb"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_judged(judged: Judges, path: str, prefix: str, completion: str, suffix: str) -> None:
    files = {
        "shop/model.py": "x = 1\n",
        "src/cart.ts": "export const a = 1;\n",
        "go.mod": "module x\n",
        "package.json": "{}",
    }
    found = judged(files, path, f"{prefix}⟦{completion}⟧{suffix}")
    assert all(isinstance(name, str) and name for name in found)
