"""Where the browser is."""

from __future__ import annotations

import os
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The one that SFM2_CHROMIUM names, else the system's."""
    return os.environ.get("SFM2_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
