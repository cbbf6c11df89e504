"""Python's lock: who wants it, and how soon the event loop gets it back."""

from __future__ import annotations

import sys

_INTERVAL = 0.0005
"""Seconds after which a thread that runs Python lets another one run. The loop gives the lock away in each call of the
system, and has to ask for it again: while a thread parses, each may take that long. Python's own is 5 ms."""


def share_the_lock() -> None:
    """Let threads take turns at a pace at which nobody notices that there are others."""
    sys.setswitchinterval(_INTERVAL)
