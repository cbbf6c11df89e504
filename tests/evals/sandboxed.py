"""Programs in a sandbox of their own, and the processes that run them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil

from sfm2.evals.sandbox import Limits, Outcome, Program, Sandbox

RIGHT = "def one():\n    return 1\n"
TEST = "assert one() == 1\n"
WAIT = 20  # seconds; what is waited for comes much earlier unless something is broken


def outcome(solution: str, test: str = TEST, limits: Limits | None = None, entry_point: str = "one") -> Outcome:
    return asyncio.run(Sandbox(limits or Limits()).run(Program(solution, test, entry_point)))


def children() -> list[psutil.Process]:
    """The sandboxes of this process, those that ended and were never waited for among them."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE or "sfm2.evals.contained" in child.cmdline():
                found.append(child)
    return found
