"""The page at `/`, as `npm run build` of the folder `page` has made it."""

from __future__ import annotations

from pathlib import Path

BUILT = Path(__file__).parent / "built"
MOUNTED = "/page"


def paths() -> frozenset[str]:
    """What a browser loads to show it."""
    assets = (path.relative_to(BUILT).as_posix() for path in BUILT.rglob("*") if path.is_file())
    return frozenset({"/", *(f"{MOUNTED}/{name}" for name in assets)})
