"""Which engine the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sfm2.breaker import CircuitBreaker
from sfm2.config import Settings
from sfm2.engines.at_url.engine import EngineAtURL
from sfm2.engines.base import Engine
from sfm2.engines.choice import Machine, choose
from sfm2.engines.client import EngineAddress
from sfm2.engines.pool.member import Member
from sfm2.engines.pool.pool import EnginePool
from sfm2.engines.supervision.engine import SharedEngine, SupervisedEngine
from sfm2.engines.supervision.program import EngineProgram
from sfm2.engines.supervision.supervisor import Supervisor

# How a parent process passes the engine that its workers share on to them.
_NAME, _URL, _KEY, _STATE = "SFM2_ENGINE_NAME", "SFM2_ENGINE_URL", "SFM2_ENGINE_KEY", "SFM2_ENGINE_STATE"
_FILE = "SFM2_ENGINE_SOCKET"


def engine_for(settings: Settings, environment: Mapping[str, str]) -> Engine:
    """Other servers when the settings name URLs, the parent's engine in a worker process, else a child of our own."""
    if settings.models.sfm2.url:
        return _at_urls(settings.models.sfm2.url, settings)
    if url := environment.get(_URL):
        program = _program(environment[_NAME])(settings)
        address = EngineAddress(url, environment[_KEY], environment.get(_FILE, ""))
        return SharedEngine(program.client(address), Path(environment[_STATE]))
    return SupervisedEngine(program_for(settings))


def _at_urls(urls: Sequence[str], settings: Settings) -> Engine:
    """One engine, or several as one."""
    timeout, recovery = settings.generation.timeout, settings.fallback.recovery
    engines = [EngineAtURL(url, timeout) for url in dict.fromkeys(urls)]
    if len(engines) == 1:
        return engines[0]
    return EnginePool([Member(one.name, one, CircuitBreaker(1, recovery), silence=timeout / 2) for one in engines])


def program_for(settings: Settings) -> EngineProgram:
    """What runs the weights on this machine."""
    chosen = choose(settings.models.sfm2, Machine.of(settings.models.sfm2))
    return _program(chosen.engine)(settings, chosen.note)


def shared_environment(supervisor: Supervisor, state_file: Path) -> dict[str, str]:
    """What a worker process needs in its environment to share the supervised engine."""
    address = supervisor.address
    named = {_NAME: supervisor.program.name, _URL: address.url, _KEY: address.key, _STATE: str(state_file)}
    return {**named, _FILE: address.file} if address.file else named


def _program(name: str) -> type[EngineProgram]:
    """Each is imported only when it is used."""
    if name == "llama":
        from sfm2.engines.llama_server.program import LlamaServer

        return LlamaServer
    if name == "vllm":
        from sfm2.engines.vllm.program import VLLM

        return VLLM
    if name == "transformers":
        from sfm2.engines.transformers.program import Transformers

        return Transformers
    from sfm2.engines.openvino.program import OpenVINO

    return OpenVINO
