"""Running a program in a sandbox, and finding the sandbox processes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psutil

from sfm2.evals.sandbox import Limits, Program, Sandbox, SandboxResult

RIGHT = "def one():\n    return 1\n"
TEST = "assert one() == 1\n"
WAIT = 20  # seconds; reached only when something is broken


def outcome(solution: str, test: str = TEST, limits: Limits | None = None, entry_point: str = "one") -> SandboxResult:
    return asyncio.run(Sandbox(limits or Limits()).run(Program(solution, test, entry_point)))


def children() -> list[psutil.Process]:
    """The sandbox processes that are children of this one, zombies included."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE or "sfm2.evals.sandbox_child" in child.cmdline():
                found.append(child)
    return found
