"""Where in a document ghost text is wanted. Pure. The editor core has the same rule in `editors/core/src/trigger.ts`."""

from __future__ import annotations

import re

_CLOSED = re.compile(r"[ \t\f\v)\]}>\"'`,;:]*(?=[\r\n]|\Z)")
"""Nothing but blanks and closers up to the end of the line."""


def wants_ghost_text(before: str, after: str) -> bool:
    """Whether to suggest something without an explicit request.

    Not where code follows on the line, and not in an empty document.
    """
    return _CLOSED.match(after) is not None and not (_blank(before) and _blank(after))


def _blank(text: str) -> bool:
    return not text or text.isspace()
