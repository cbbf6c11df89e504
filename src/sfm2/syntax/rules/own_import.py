"""An import of what the file itself defines: the model took the file for another one, for it shows what the import is for.

Python, JavaScript and TypeScript.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sfm2.syntax.hole import Hole
from sfm2.syntax.rules.base import Draft, Restart, Rule, StatelessRule
from sfm2.types import GuardReason, Mode

_IMPORT = {
    "python": re.compile(r"from\s+[\w.]+\s+import\s+\(?([\w\s,]+)"),
    "javascript": re.compile(r"import\s+(?:type\s+)?([\w$\s,{}]+?)\s+from\s+['\"]\.{1,2}/"),
}
_IMPORT["typescript"] = _IMPORT["javascript"]
_IMPORTED = re.compile(r"[\w$]+(?:\s+as\s+[\w$]+)?")
_DEFINED = (
    r"^\s*(?:export\s+|default\s+|declare\s+|abstract\s+|async\s+)*"
    r"(?:class|def|function\*?|interface|type|enum|const|let|var)\s+{name}\b"
)


class OwnImport(StatelessRule):
    """Leaves the line out if nothing precedes it in the completion, else cuts before it."""

    reason: ClassVar = GuardReason.OWN_IMPORT

    def __init__(self, hole: Hole, mode: Mode) -> None:
        self._pattern = _IMPORT.get(hole.language or "")
        self._file = f"{hole.prefix}\n{hole.suffix}"
        self._begun = bool(hole.head.strip())

    def cut(self, draft: Draft) -> int | Restart | None:
        begun, self._begun = self._begun, self._begun or bool(draft.line.strip())
        found = self._pattern.match(draft.line) if self._pattern else None
        if found is None or not any(map(self._defines, _IMPORTED.findall(found[1]))):
            return None
        return Restart() if draft.can_restart and draft.has_newline and not begun else draft.start

    def _defines(self, imported: str) -> bool:
        """Whether the file itself defines the name that is imported."""
        name = re.escape(imported.split()[-1])
        return re.search(_DEFINED.replace("{name}", name), self._file, re.MULTILINE) is not None


RULE: type[Rule] = OwnImport
