"""Asking git about a folder."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

_log = logging.getLogger(__name__)


def output(folder: Path, *arguments: str) -> bytes | None:
    """The output of `git -C folder arguments...`; None when git is not installed or fails, as it does without a repository.

    The reason for a failure is logged at level INFO.
    """
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True).stdout  # noqa: S607
    except FileNotFoundError:
        _log.info("git is not installed: %s is read as a plain folder", folder)
    except subprocess.CalledProcessError as error:
        _log.info("git %s failed in %s: %s", arguments[0], folder, error.stderr.decode(errors="replace").strip())
    return None
