"""What a request says of caches (RFC 9111), and what ours says of the answer (RFC 9211). Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

CACHE_STATUS = "Cache-Status"
BYPASSED = "sfm2; fwd=bypass"
"""The cache has nothing to do with this request"""

HIT = "sfm2; hit"
TYPED = "; detail=typed"
"""After either: it was the rest of a completion that was typed along"""


@dataclass(frozen=True)
class CacheControl:
    """The directives of a request's `Cache-Control` that matter here; others are passed over."""

    store: bool = True
    """Whether the answer may be kept, or come from what is kept"""
    max_age: float | None = None
    """Seconds that an answer may have been kept for at most; None: as long as it is kept. A negative one: none will do"""

    def allows(self, age: float) -> bool:
        """Whether an answer will do that was given `age` seconds ago."""
        return self.max_age is None or age <= self.max_age

    @classmethod
    def of(cls, header: str | None) -> Self:
        """What a header says; without one, nothing."""
        directives = dict(map(_directive, (header or "").split(",")))
        max_age = _seconds(directives.get("max-age"))
        return cls("no-store" not in directives, -1.0 if "no-cache" in directives or max_age == 0 else max_age)


def hit(seconds: float) -> str:
    """It came from the cache, which keeps it for so many seconds more."""
    return f"{HIT}; ttl={max(0, math.floor(seconds))}"


def forwarded(*, refused: bool = False, stored: bool = False, collapsed: bool = False) -> str:
    """The model was asked. `refused`: the request did not want what is kept; `collapsed`: it was being answered already."""
    reason = "request" if refused else "miss"
    return f"sfm2; fwd={reason}{'; collapsed' if collapsed else ''}{'; stored' if stored else ''}"


def _directive(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdecimal() and len(value) < 10 else None
