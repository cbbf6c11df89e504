"""What git knows of a folder: its commit, and when each file was added."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath


def commit(folder: Path) -> str | None:
    """The commit that is checked out; None without a repository, or without a commit."""
    found = _git(folder, "rev-parse", "HEAD")
    return found.decode().strip() if found else None


def added(folder: Path) -> dict[PurePosixPath, int]:
    """When each file was first committed, in seconds since 1970; empty without a repository."""
    log = _git(folder, "log", "--format=%x01%ct", "--name-only", "--no-renames", "--diff-filter=A", "--relative", "-z")
    times: dict[PurePosixPath, int] = {}
    now = 0
    for part in (log or b"").replace(b"\x01", b"\x00\x01").split(b"\x00"):
        name = part.strip(b"\n")
        if name.startswith(b"\x01"):
            now = int(name[1:].split(b"\n")[0])
        elif name:
            times[PurePosixPath(os.fsdecode(name))] = now  # the log goes back in time: the first commit comes last
    return times


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True).stdout  # noqa: S607
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
