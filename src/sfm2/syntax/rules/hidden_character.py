"""Characters that hide what a line says: control characters, and those that show text in another order than it has.

Reviewers and compilers then read different code ("Trojan Source", CVE-2021-42574); a terminal obeys escape sequences.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Rule, StatelessRule
from sfm2.types import GuardReason, Mode

# All of C0 and C1 but white space; embeddings, overrides and isolates of Unicode's
# bidirectional algorithm (UAX #9, 2.1 to 2.5). Its marks stay: they reorder nothing by themselves.
HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")


class HiddenCharacter(StatelessRule):
    """Cuts before the line with the first one, also in strings and comments: an escape says the same in sight."""

    reason: ClassVar = GuardReason.HIDDEN_CHARACTER

    def __init__(self, hole: Hole, mode: Mode) -> None: ...

    def cut(self, draft: Draft) -> int | None:
        return draft.start if HIDDEN.search(draft.line) else None

    def may_cut_at(self, line: str) -> bool:
        return HIDDEN.search(line) is not None


RULE: type[Rule] = HiddenCharacter
