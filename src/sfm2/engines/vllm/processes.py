"""The processes that vLLM starts: which of them computes."""

from __future__ import annotations

import os
from pathlib import Path

_COMPUTES = ("VLLM::Worker", "VLLM::EngineCor")  # as their names are cut off by the kernel, the one to prefer first


def computing(server: int) -> int:
    """The process below `server` that runs the weights; the server itself where the system does not tell."""
    named = {_name(one): one for one in descendants(server)}
    for mark in _COMPUTES:
        for name, one in named.items():
            if name.startswith(mark):
                return one
    return server


def descendants(process: int) -> list[int]:
    """All processes below it."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        below = _children(waiting.pop())
        found += below
        waiting += below
    return found


def companions() -> list[int]:
    """All other processes of the group that this one leads; none where it leads none."""
    own = os.getpid()
    if os.getpgrp() != own:
        return []
    running = (int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit())
    return [one for one in running if one != own and _group(one) == own]


def _group(process: int) -> int:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return 0


def _children(process: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_text(encoding="utf-8").split())
    except OSError:
        return found
    return found


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
