"""What a check has found, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is. `problem`: SFM-2 does not work, or not as the settings ask."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    """Of what was looked at, such as `weights`"""
    level: Level
    found: str
    advice: str = ""
    """What to do; empty where nothing needs to be done"""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What was measured, for programs; the names end in the unit"""


def ok(name: str, found: str, numbers: Mapping[str, float] | None = None) -> Finding:
    """Nothing needs to be done."""
    return Finding(name, Level.OK, found, numbers=numbers or {})


def warning(name: str, found: str, advice: str, numbers: Mapping[str, float] | None = None) -> Finding:
    """It works, and could do better, or may fail soon."""
    return Finding(name, Level.WARNING, found, advice, numbers or {})


def problem(name: str, found: str, advice: str) -> Finding:
    """It does not work, or not as the settings ask."""
    return Finding(name, Level.PROBLEM, found, advice)


def healthy(findings: Sequence[Finding]) -> bool:
    """Whether nothing is a problem."""
    return all(one.level is not Level.PROBLEM for one in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The report for programs."""
    return {"healthy": healthy(findings), "findings": [asdict(one) for one in findings]}
