"""What keeps the code easy to find one's way in."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "sfm2"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST = 300  # lines


def test_no_class_name_is_defined_twice() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(str(path.relative_to(SOURCE)))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert not text or ast.get_docstring(ast.parse(text))


def test_no_folder_that_somebody_works_in_decides_which_modules_a_child_runs() -> None:
    """`python -m` looks into the working directory first, unless -P or -I forbids it."""
    started = [
        [part.value if isinstance(part, ast.Constant) else ast.unparse(part) for part in node.elts]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.List | ast.Tuple)
    ]
    children = [parts for parts in started if parts[:1] == ["sys.executable"] and "-m" in parts]
    assert len(children) > 4
    assert [parts for parts in children if not {"-P", "-I"} & set(parts)] == []
