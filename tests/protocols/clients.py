"""Programs of others, in an environment of their own and in processes of their own, as their users have them."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tests.conftest import clean_environment

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_FOLDER = Path(sys.prefix) / "clients"


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
    """Made once, beside our own environment; again when the requirements have changed."""
    stamp = _FOLDER / "requirements.txt"
    with FileLock(f"{_FOLDER}.lock"):
        wanted = _REQUIREMENTS.read_text(encoding="utf-8")
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            venv.create(_FOLDER, with_pip=True)
            command = [_FOLDER / "bin" / "python", "-m", "pip", "install", "-q", "-r", _REQUIREMENTS]
            done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
            assert done.returncode == 0, done.stderr
            stamp.write_text(wanted, encoding="utf-8")
    return Others(_FOLDER / "bin")
