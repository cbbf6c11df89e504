"""Git repositories with a history, for tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

DAY = 86_400
_START = 1_700_000_000


class Repository:
    """A git repository whose commits are a day apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._days = 0
        folder.mkdir(parents=True)
        self.git("init", "-q")

    def git(self, *arguments: str) -> None:
        date = f"{_START + self._days * DAY} +0000"
        environment = {
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_COMMITTER_DATE": date,
            "HOME": str(self.folder),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        subprocess.run(["git", "-C", str(self.folder), *arguments], check=True, capture_output=True, env=environment)

    def commit(self, **files: str) -> None:
        """Commit files by keyword: `a__b_py` is the file a/b.py."""
        self._days += 1
        for name, text in files.items():
            path = self.folder / "/".join(name.split("__")).replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "more")


def module(name: str, functions: int = 6) -> str:
    """A Python module with names of its own, so that it is no near-duplicate of another."""
    parts = [
        f"def {name}_{number}(first, second):\n"
        f"    {name}_total = first * {number + 2}\n"
        f"    for {name}_index in range(second):\n"
        f"        {name}_total += {name}_index - {number}\n"
        f"        if {name}_total > {number * 100}:\n"
        f"            return {name}_total\n"
        f"    return {name}_total + first\n"
        for number in range(functions)
    ]
    return "\n\n".join(parts)
