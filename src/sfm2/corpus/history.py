"""What commits of a git repository added, and the files as they were: read from its objects, so that a bare repository will
do and nothing in it is touched.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sfm2.corpus import git
from sfm2.errors import InvalidRequestError

_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_PLAIN = ("-c", "core.quotePath=false", "-c", "diff.noprefix=true")


@dataclass(frozen=True)
class Commit:
    """A commit with one parent."""

    id: str
    parent: str


@dataclass(frozen=True)
class Addition:
    """What a commit added to a file."""

    path: str
    former: str
    """Its path in the parent's tree: another one where the commit renamed it."""
    rows: range
    """Numbers of lines that were added, from 0."""


def commits(repository: Path, since: date) -> list[Commit]:
    """The commits on HEAD's branch from that day on, merges and the first of all left out; the oldest first.

    Raises `InvalidRequestError` for what is no git repository, or has no commit.
    """
    listed = git.output(repository, "log", "--no-merges", f"--since={since.isoformat()}", "--reverse", "--format=%H %P")
    if listed is None:
        raise InvalidRequestError(
            f"{repository}: not a git repository with commits",
            suggestion="Name a clone with its history, or a bare one",
        )
    found = (line.split() for line in listed.decode().splitlines())
    return [Commit(*ids) for ids in found if len(ids) == 2]


def additions(repository: Path, commit: Commit) -> list[Addition]:
    """The runs of lines that a commit added, in the order of the diff. Files that are not text have none."""
    diff = _diff(repository, commit)
    return [one for part in re.split(rb"^diff --git ", diff, flags=re.MULTILINE)[1:] for one in _added(part)]


def removed_lines(repository: Path, commit: Commit) -> frozenset[str]:
    """The lines that a commit took away anywhere, stripped: what it also adds, it only moved."""
    diff = _diff(repository, commit)
    lines = diff.decode(errors="replace").split("\n")
    return frozenset(line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("--- "))


def content_at(repository: Path, commit: str, path: str) -> bytes | None:
    """A file's content in the tree of a commit; None if it has no such file."""
    return git.output(repository, "show", f"{commit}:{path}")


class Checkout:
    """A folder that has a commit's tree, and then another's: only what differs is written.

    `index`: the file that remembers what is in the folder, outside of it.
    """

    def __init__(self, repository: Path, folder: Path, index: Path) -> None:
        self._repository = repository
        self.folder = folder
        self._index = index

    def move_to(self, commit: str) -> None:
        """Raises `InvalidRequestError` for a commit whose tree is not there, as in a shallow or partial clone."""
        found = git.output(self._repository, "rev-parse", "--absolute-git-dir")
        assert found is not None
        git_dir = found.decode().strip()
        done = subprocess.run(
            ["git", f"--git-dir={git_dir}", f"--work-tree={self.folder}", "read-tree", "--reset", "-u", commit],  # noqa: S607
            env={**os.environ, "GIT_INDEX_FILE": str(self._index)},
            capture_output=True,
        )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise InvalidRequestError(
                f"{self._repository}: the tree of {commit[:12]} can't be read: {''.join(reason)}",
                suggestion="Fetch the whole history: git fetch --unshallow",
            )


def _diff(repository: Path, commit: Commit) -> bytes:
    """What a commit changed, without the lines around."""
    how = ("--no-color", "--no-ext-diff", "-U0", "-M")
    return git.output(repository, *_PLAIN, "diff", *how, commit.parent, commit.id) or b""


def _added(part: bytes) -> Iterator[Addition]:
    new = re.search(rb"^\+\+\+ (.+)$", part, re.MULTILINE)
    old = re.search(rb"^--- (.+)$", part, re.MULTILINE)
    if new is None or old is None or new[1].startswith((b'"', b"/dev/null")):
        return
    path, former = (one[1].decode(errors="replace").rstrip("\t") for one in (new, old))
    for hunk in _HUNK.finditer(part):
        first, count = int(hunk[1]), int(hunk[2] or 1)
        if count:
            yield Addition(path, path if former == "/dev/null" else former, range(first - 1, first - 1 + count))
