"""The git history of a folder: its commit, and when each file was added."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from sfm2.corpus import git


def commit(folder: Path) -> str | None:
    """The hash of the commit that is checked out; None without a repository or a commit."""
    found = git.output(folder, "rev-parse", "HEAD")
    return found.decode().strip() if found else None


def added(folder: Path) -> dict[PurePosixPath, int]:
    """When each file in `folder` was first committed, in seconds since 1970; empty without a repository."""
    log = git.output(
        folder, "log", "--format=%x01%ct", "--name-only", "--no-renames", "--diff-filter=A", "--relative", "-z"
    )
    times: dict[PurePosixPath, int] = {}
    now = 0
    for part in (log or b"").replace(b"\x01", b"\x00\x01").split(b"\x00"):
        name = part.strip(b"\n")
        if name.startswith(b"\x01"):
            now = int(name[1:].split(b"\n")[0])
        elif name:
            times[PurePosixPath(os.fsdecode(name))] = now  # the log is newest first, so the first commit wins
    return times
