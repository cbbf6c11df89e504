"""Python is read twice, by its own parser and by tree-sitter's grammar: the facts are the same, on real code."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from sfm2.explaining import from_python, from_tree
from sfm2.explaining.facts import facts
from sfm2.explaining.node_types import node_types
from sfm2.types import CodeKind

LIBRARY = Path(sysconfig.get_paths()["stdlib"])


@pytest.mark.parametrize("name", ["heapq.py", "contextlib.py", "tempfile.py", "queue.py", "textwrap.py", "shlex.py"])
def test_on_the_standard_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.explaining.facts.MOST_DEFINITIONS", 10_000)
    monkeypatch.setattr("sfm2.explaining.facts.MOST_OF_EACH", 10_000)
    code = (LIBRARY / name).read_text(encoding="utf-8")
    types, by_python, by_grammar = node_types("python"), from_python.outline(code), from_tree.outline(code, "python")
    assert types
    assert by_python
    assert by_grammar
    one, other = facts(by_python, types), facts(by_grammar, types)
    assert len(one) > 10
    for left, right in zip(one, other, strict=True):
        # What decorates and annotates is read by Python's parser alone.
        same = {"decorators": [], "parameters": [parameter.name for parameter in left.parameters]}
        assert (
            left.model_dump() | same
            == right.model_dump()
            | {
                "decorators": [],
                "parameters": [parameter.name for parameter in right.parameters],
                "bases": left.bases,
                "signature": left.signature,
            }
            or left.kind is CodeKind.SCRIPT
        )
