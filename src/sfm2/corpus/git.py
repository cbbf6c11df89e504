"""Asking git about a folder."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_log = logging.getLogger(__name__)


def surroundings() -> dict[str, str]:
    """The environment, without a repository that it names."""
    return {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}


def output(folder: Path, *arguments: str) -> bytes | None:
    """The output of `git -C folder arguments...`; None when git is not installed or fails, as it does without a repository.

    The reason for a failure is logged at level INFO. No program runs that the repository's own settings name, and a
    repository that the environment names, as it does in hooks, is not taken for that of the folder.
    """
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True, env=surroundings()).stdout
    except FileNotFoundError:
        _log.info("git is not installed: %s is read as a plain folder", folder)
    except subprocess.CalledProcessError as error:
        _log.info("git %s failed in %s: %s", arguments[0], folder, error.stderr.decode(errors="replace").strip())
    return None
