"""The rules that say where a completion ends, one in each file; the first that cuts decides.

A rule's file has the name of its reason, and `GuardReason` lists the reasons in the order in which their rules are asked.
Reasons without a file are the guard's own.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Rule
from sfm2.types import GuardReason, Mode


def _ordered() -> tuple[type[Rule], ...]:
    names = (f"{__name__}.{reason}" for reason in GuardReason)
    return tuple(import_module(name).RULE for name in names if find_spec(name) is not None)


ORDER = _ordered()
"""Every rule, in the order in which they are asked."""


def rules_for(hole: Hole, mode: Mode) -> list[Rule]:
    """New rules for one completion, in order."""
    return [rule(hole, mode) for rule in ORDER]


__all__ = ["ORDER", "Rule", "rules_for"]
