"""What runs the weights on this machine: OpenVINO, llama.cpp's server or vLLM, and why."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

from sfm2.config import Sfm2Settings
from sfm2.engines.llama_server import binary
from sfm2.engines.vllm import executable

_X86 = ("x86_64", "amd64")
_NAMES = {"darwin": "macOS", "linux": "Linux", "win32": "Windows"}


@dataclass(frozen=True)
class Machine:
    """What matters of it here."""

    system: str
    """As `sys.platform` says it."""
    processor: str
    """As `platform.machine()` says it."""
    openvino: bool
    """Whether OpenVINO is installed."""
    llama_server: Path | None
    """llama.cpp's server, where there is one."""
    vllm: Path | None = None
    """The program vllm, where there is one."""

    @classmethod
    def of(cls, settings: Sfm2Settings) -> Self:
        """This one."""
        openvino = find_spec("openvino_genai") is not None
        return cls(sys.platform, platform.machine(), openvino, binary.find(settings), executable.find(settings))

    @property
    def is_openvinos(self) -> bool:
        """Whether OpenVINO is made for it."""
        return self.system != "darwin" and self.processor.lower() in _X86

    @property
    def name(self) -> str:
        """For people."""
        return f"{_NAMES.get(self.system, self.system)} on {self.processor}"


@dataclass(frozen=True)
class EngineChoice:
    """An engine."""

    engine: Literal["openvino", "llama", "vllm"]
    why: str = ""
    """Where it is not a matter of course: what made the choice, as a clause."""

    @property
    def note(self) -> str:
        """What to add to what is said of it."""
        return f" ({self.why})" if self.why else ""


def choose(settings: Sfm2Settings, machine: Machine) -> EngineChoice:
    """The engine that the settings name, else the one that suits the machine and is there."""
    if settings.engine != "auto":
        return EngineChoice(settings.engine, "as models.sfm2.engine says")
    for_cuda = settings.device.lower().startswith("cuda")
    if for_cuda and machine.vllm is not None:
        return EngineChoice("vllm", "for CUDA")
    if machine.llama_server is None:
        missing = "" if machine.is_openvinos else f"{machine.name} has no llama-server"
        return EngineChoice("openvino", missing if machine.openvino else "")
    if for_cuda:
        return EngineChoice("llama", "for CUDA")
    if not machine.openvino:
        return EngineChoice("llama", "OpenVINO is not installed")
    if not machine.is_openvinos:
        return EngineChoice("llama", f"as on {machine.name}")
    return EngineChoice("openvino")
