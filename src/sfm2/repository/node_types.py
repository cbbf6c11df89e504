"""The table of the nodes that define names, `node_types.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class DefiningNodes:
    """Which nodes of a language's trees define names, and where the names are."""

    kinds: Mapping[str, str]
    """What each node type defines."""
    values: Mapping[str, str]
    """What a variable is that has a value of this type."""
    through: frozenset[str]
    """Nodes to look into for definitions."""
    whole: frozenset[str]
    """Those of them that a definition inside begins and ends with."""
    leading: frozenset[str]
    """Nodes that belong to the definition right below."""
    name_fields: tuple[str, ...]
    name_types: frozenset[str]
    special_fields: Mapping[str, str]
    fixed_names: Mapping[str, str]


@cache
def defining_nodes(language: str) -> DefiningNodes | None:
    """None for a language whose definitions are not known."""
    table = _table()
    if language not in table["languages"]:
        return None
    own = table["only"].get(language, {}).get("kinds", {})
    kinds = {**_by_type(table["kinds"]), **own}
    return DefiningNodes(
        kinds={node: kind for node, kind in kinds.items() if kind},
        values=_by_type(table["values"]),
        through=frozenset(table["through"]["types"]),
        whole=frozenset(table["through"]["whole"]),
        leading=frozenset(table["leading"]["types"]),
        name_fields=tuple(table["names"]["fields"]),
        name_types=frozenset(table["names"]["types"]),
        special_fields=table["names"]["special"],
        fixed_names=table["names"]["fixed"],
    )


def _by_type(rows: Mapping[str, list[str]]) -> dict[str, str]:
    return {node: kind for kind, nodes in rows.items() for node in nodes}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("sfm2.repository") / "node_types.toml").read_text(encoding="utf-8"))
