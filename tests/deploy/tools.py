"""The files in deploy/, and the programs of others that judge them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
_TOOLS = ROOT / ".venv" / "tools" / "bin"  # of requirements/tools.txt


def tool(name: str) -> str:
    """Where the program is; skips the test without it."""
    found = shutil.which(name) or shutil.which(name, path=str(_TOOLS))
    if found is None:
        pytest.skip(f"without {name}: of a package of the system, or of requirements/tools.txt (`make tools`)")
    return found


def said_by(*command: object) -> str:
    """What a program says. Raises `AssertionError` with it if the program fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
