"""What runs the weights on this machine: OpenVINO, llama.cpp's server, vLLM or transformers, and why."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

from sfm2.config import Sfm2Settings
from sfm2.engines.llama_server import binary
from sfm2.engines.transformers import cuda
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
    no_cuda: str | None = "nobody asked for it"
    """Why PyTorch can't use a GPU, as a clause; None: it can."""
    vllm: Path | None = None
    """The program vllm, where there is one."""

    @classmethod
    def of(cls, settings: Sfm2Settings) -> Self:
        """This one."""
        openvino = find_spec("openvino_genai") is not None
        no_cuda = cuda.why_not() if wants_cuda(settings) else cls.no_cuda
        programs = binary.find(settings), executable.find(settings)
        return cls(sys.platform, platform.machine(), openvino, programs[0], no_cuda, programs[1])

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

    engine: Literal["openvino", "llama", "vllm", "transformers"]
    why: str = ""
    """Where it is not a matter of course: what made the choice, as a clause."""

    @property
    def note(self) -> str:
        """What to add to what is said of it."""
        return f" ({self.why})" if self.why else ""


def wants_cuda(settings: Sfm2Settings) -> bool:
    """Whether they ask for a GPU of NVIDIA's."""
    return settings.device.lower().startswith("cuda")


def choose(settings: Sfm2Settings, machine: Machine) -> EngineChoice:
    """The engine that the settings name, else the one that suits the machine and is there."""
    if settings.engine != "auto":
        return EngineChoice(settings.engine, "as models.sfm2.engine says")
    if wants_cuda(settings) and machine.vllm is not None:
        return EngineChoice("vllm", "for CUDA")
    if machine.llama_server is None and wants_cuda(settings) and machine.no_cuda is None:
        return EngineChoice("transformers", "for CUDA, as there is no vllm and no llama-server")
    if machine.llama_server is None:
        missing = "" if machine.is_openvinos else f"{machine.name} has no llama-server"
        if wants_cuda(settings):
            missing = f"no CUDA by transformers: {machine.no_cuda}"
        return EngineChoice("openvino", missing if machine.openvino else "")
    if wants_cuda(settings):
        return EngineChoice("llama", "for CUDA")
    if not machine.openvino:
        return EngineChoice("llama", "OpenVINO is not installed")
    if not machine.is_openvinos:
        return EngineChoice("llama", f"as on {machine.name}")
    return EngineChoice("openvino")
