"""The table of tree-sitter's node types, `node_types.toml`: which role a node has in an outline, and where its parts are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sfm2.explaining.outline import Role

Places = tuple[str, ...]


@dataclass(frozen=True)
class NodeTypes:
    """What the node types of one language mean."""

    roles: Mapping[str, Role]
    places: Mapping[Role, Mapping[str, Places]]
    """By role, where each of its parts may be; the first place that is there counts."""
    transparent: frozenset[str]
    inlined: frozenset[str]
    ignored: frozenset[str]
    declaring: frozenset[str]
    raising: frozenset[str]
    """Calls that raise."""
    returns_tail: bool
    """Whether a function returns the expression that it ends with."""
    declares: bool
    """Whether a name that is assigned to and not declared is one of the surroundings."""
    implicit_this: bool
    """Whether a method calls another of its class by the name alone."""
    clauses: Mapping[str, str]
    """Of a language whose statements are clauses: by node type, how one begins in words."""
    mutating: frozenset[str]
    preparing: frozenset[str]
    printing: frozenset[str]
    writing: frozenset[str]


@cache
def node_types(language: str) -> NodeTypes | None:
    """None for a language that can't be read."""
    table = _table()
    if language not in table["languages"]:
        return None
    own = table["only"].get(language, {}).get("types", {})
    roles = {node: Role(role) for role, row in table["roles"].items() for node in row["types"]}
    return NodeTypes(
        roles={**roles, **{node: Role(role) for node, role in own.items()}},
        places={Role(role): _places(row) for role, row in table["roles"].items()},
        transparent=frozenset(table["transparent"]) - own.keys(),
        inlined=frozenset(table["inlined"]),
        ignored=frozenset(table["ignored"]),
        declaring=frozenset(table["declaring"]),
        raising=frozenset(table["raising"].get(language, ())),
        returns_tail=language in table["tail_languages"],
        declares=language in table["declaring_languages"],
        implicit_this=language in table["implicit_this_languages"],
        clauses=table["clauses"].get(language, {}),
        **{name: frozenset(names) for name, names in table["calls"].items()},
    )


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("sfm2.explaining") / "node_types.toml").read_text(encoding="utf-8"))


def _places(row: dict[str, list[str]]) -> dict[str, Places]:
    return {part: tuple(places) for part, places in row.items() if part != "types"}
