"""The rules that say where a completion ends, one in each file. Their order is one list; the first that cuts decides."""

from __future__ import annotations

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Rule
from sfm2.syntax.rules.block_end import BlockEnd
from sfm2.syntax.rules.fences import Fences
from sfm2.syntax.rules.line_end import LineEnd
from sfm2.syntax.rules.repetition import Repetition
from sfm2.syntax.rules.suffix_begins import SuffixBegins
from sfm2.types import Mode

ORDER: tuple[type[Rule], ...] = (LineEnd, Fences, SuffixBegins, BlockEnd, Repetition)


def rules_for(hole: Hole, mode: Mode) -> list[Rule]:
    """New rules for one completion, in order."""
    return [rule(hole, mode) for rule in ORDER]


__all__ = ["ORDER", "Rule", "rules_for"]
