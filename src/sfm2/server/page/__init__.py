"""The web page, as `npm run build` in the folder `page` has built it."""

from __future__ import annotations

from pathlib import Path

BUILT = Path(__file__).parent / "built"
MOUNTED = "/page"
"""The path of its files; the page itself is at `/`"""
