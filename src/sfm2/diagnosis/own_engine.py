"""The engine that runs the weights on this machine, why it is that one, its program where it has one, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from sfm2.config import Settings, Sfm2Settings
from sfm2.diagnosis.finding import Finding, ok, problem
from sfm2.engines.choice import EngineChoice, Machine, choose
from sfm2.engines.llama_server import binary, placement
from sfm2.engines.llama_server.binary import Binary
from sfm2.engines.llama_server.placement import LlamaDevice
from sfm2.engines.transformers.program import PACKAGES
from sfm2.engines.vllm import executable
from sfm2.engines.vllm import placement as vllm_placement
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.placement import VLLMDevice
from sfm2.errors import ConfigError
from sfm2.installation import command_for

NAME, DEVICE = "engine", "device"


@dataclass(frozen=True)
class OwnEngine:
    """What would be started."""

    choice: EngineChoice
    machine: Machine
    device: str = "auto"
    """As models.sfm2.device says it"""
    program: Binary | None = None
    """llama.cpp's server, where it is that, and can be used"""
    vllm: VLLMProgram | None = None
    """vLLM, where it is that, and can be used"""
    error: ConfigError | None = None
    """Why it can't be used"""

    @property
    def is_llama(self) -> bool:
        """Whether it is llama.cpp's server."""
        return self.choice.engine == "llama"

    @property
    def is_vllm(self) -> bool:
        """Whether it is vLLM."""
        return self.choice.engine == "vllm"

    @property
    def is_openvino(self) -> bool:
        """Whether it is OpenVINO."""
        return self.choice.engine == "openvino"

    @property
    def on_gpu(self) -> bool:
        """Whether llama.cpp's server or vLLM would put the weights on one."""
        if self.vllm is not None:
            return self.vllm.on_gpu
        if self.program is None:
            return False
        try:
            device = placement.device_for(self.device, self.program)
        except ConfigError:
            return False
        return bool(self.program.devices) and device.devices != ()


def runs_own_engine(settings: Settings) -> bool:
    """Whether the settings ask for an engine of our own."""
    return "sfm2" in settings.fallback.chain and not settings.models.sfm2.url


def look_at_own_engine(settings: Sfm2Settings) -> OwnEngine:
    """The same decision as the server's. Starts the program, where the engine has one, to hear what it is."""
    machine = Machine.of(settings)
    choice = choose(settings, machine)
    try:
        if choice.engine == "vllm":
            return OwnEngine(choice, machine, settings.device, vllm=executable.inspect(settings))
        if choice.engine != "llama":
            return OwnEngine(choice, machine, settings.device)
        return OwnEngine(choice, machine, settings.device, binary.inspect(settings))
    except ConfigError as error:
        return OwnEngine(choice, machine, settings.device, error=error)


def check_own_engine(found: OwnEngine, running: bool) -> list[Finding]:
    """`running`: a server runs, which has an engine already; it may be a container's, which has its own programs."""
    if found.choice.engine == "transformers":
        return [_check_transformers(found, running)]
    if found.is_openvino:
        return [_check_openvino(found, running)]
    who = ("vLLM" if found.is_vllm else "llama.cpp's server") + found.choice.note
    if found.vllm is not None:
        return [ok(NAME, f"{who}: {_told_of_vllm(found.vllm)}"), _check_vllm_device(found.device, found.vllm)]
    if found.program is not None:
        return [ok(NAME, f"{who}: {_told(found.program)}"), _check_device(found.device, found.program)]
    why = found.error.message if found.error else "it was not looked at"
    if running:
        return [ok(NAME, f"{who}; {why}: the server that runs has its own")]
    return [problem(NAME, f"{who}: {why}", found.error.suggestion if found.error else binary.INSTALL)]


def _told_of_vllm(program: VLLMProgram) -> str:
    memory = f" with {program.memory / 1e9:.0f} GB" if program.on_gpu else ""
    return f"{program.path}, version {program.version}, {program.device}{memory}"


def _check_vllm_device(wanted: str, program: VLLMProgram) -> Finding:
    find = partial(vllm_placement.device_for, wanted, program)
    return _check_placed(wanted, find, "vLLM", "what this vLLM was built for")


def _check_openvino(found: OwnEngine, running: bool) -> Finding:
    why = found.choice.note or f" ({_matter_of_course(found)})"
    if found.machine.openvino or running:
        return ok(NAME, f"OpenVINO{why}")
    advice = f"{command_for('engine')}, or {binary.INSTALL}"
    return problem(NAME, f"OpenVINO{why}, which is not installed", advice)


def _check_transformers(found: OwnEngine, running: bool) -> Finding:
    who, missing = f"transformers{found.choice.note}", [name for name in PACKAGES if find_spec(name) is None]
    if missing and not running:
        return problem(NAME, f"{who}; {', '.join(missing)} is not installed", command_for("cuda"))
    if found.device.lower().startswith("cuda") and found.machine.no_cuda and not running:
        return problem(
            NAME,
            f'{who}; models.sfm2.device is "{found.device}": {found.machine.no_cuda}',
            'Install what is missing: a driver, or the build of PyTorch that fits it; or set models.sfm2.device to "cpu"',
        )
    return ok(NAME, who)


def _matter_of_course(found: OwnEngine) -> str:
    """Why `auto` takes OpenVINO, where `EngineChoice.why` says nothing."""
    if not found.machine.openvino:
        return "auto: there is no llama-server"
    return f"auto: as on {found.machine.name}"


def _told(program: Binary) -> str:
    build = f"build {program.build}" if program.build else "a build without a number"
    return f"{program.path}, {build}, {', '.join(program.devices) or 'CPU only'}"


def _check_device(wanted: str, program: Binary) -> Finding:
    auto = "what llama.cpp takes" if program.devices else "llama.cpp finds no other device here"
    return _check_placed(wanted, partial(placement.device_for, wanted, program), "llama-server", auto)


def _check_placed(wanted: str, find: Callable[[], LlamaDevice | VLLMDevice], program: str, auto: str) -> Finding:
    """`find` gives the device, or raises `ConfigError`; `auto`: why it is that one, where the settings leave it open."""
    try:
        device = find()
    except ConfigError as error:
        return problem(DEVICE, error.message, error.suggestion)
    if device.note:
        advice = f'Install a {program} that was built for it, or set models.sfm2.device to "auto": {device.name}'
        return problem(DEVICE, f'models.sfm2.device is "{wanted}": {device.note}', advice)
    why = f"auto: {auto}" if wanted.lower() == "auto" else "as models.sfm2.device asks"
    return ok(DEVICE, f"{device.name}; {why}")
