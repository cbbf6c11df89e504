"""Programs of others, in an environment of their own and in processes of their own, as their users have them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import clean_environment


@dataclass(frozen=True)
class Others:
    """`folder` holds their programs."""

    folder: Path

    def run(self, home: Path, *command: str | Path, **environment: str) -> str:
        """What a program says. Nothing of the user's settings, and no network: what it would fetch it has to do without."""
        offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
        program, *arguments = map(str, command)
        done = subprocess.run(
            [self.folder / program, *arguments],
            env=clean_environment(home, {"HOME": str(home), **offline, **environment}),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


def installed() -> Others:
    """Beside our own environment, where `make` has put them."""
    folder = Path(sys.prefix) / "clients" / "bin"
    if not folder.is_dir():
        pytest.fail(f"the clients are not installed: `make {Path(sys.prefix).name}/.clients` does that")
    return Others(folder)
