"""Memory: whether what is free holds the engine with its weights."""

from __future__ import annotations

import re
from pathlib import Path

from sfm2.diagnosis.finding import Finding, ok, warning

NAME = "memory"
_CGROUP = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes that can still be used: of the machine, or of the container that this runs in. None: unknown."""
    found = [size for size in (_of_machine(), _of_container()) if size is not None]
    return min(found, default=None)


def check_memory(available: int | None, needed: int) -> Finding:
    """`needed`: bytes that the engine will take; 0: it runs already, or elsewhere."""
    if available is None:
        return ok(NAME, "this system does not say how much is free")
    found = f"{available / 1e9:.1f} GB are free"
    if available < needed:
        return warning(
            NAME,
            f"{found}; the engine takes up to {needed / 1e9:.1f} GB",
            "Close other programs, or take smaller weights, or a smaller models.sfm2.context",
        )
    return ok(NAME, found)


def linux_available(meminfo: str) -> int | None:
    """Bytes by the text of `/proc/meminfo`."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _of_machine() -> int | None:
    text = _read(Path("/proc/meminfo"))
    return linux_available(text) if text else None


def _of_container() -> int | None:
    limit, used = _read(_CGROUP / "memory.max"), _read(_CGROUP / "memory.current")
    if not (limit and limit.strip().isdigit() and used):
        return None
    # Pages of files that can be dropped count as used.
    dropped = re.search(r"^inactive_file (\d+)$", _read(_CGROUP / "memory.stat") or "", re.MULTILINE)
    return max(0, int(limit) - int(used) + (int(dropped[1]) if dropped else 0))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
