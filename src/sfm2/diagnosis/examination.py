"""All checks, in the order of the report. A check that fails is a finding itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec

from sfm2.client import SFM2Client
from sfm2.completer import Completer
from sfm2.config import Settings, is_loopback
from sfm2.diagnosis import (
    asking,
    devices,
    folders,
    memory,
    own_engine,
    packages,
    processor,
    proxies,
    speed,
    store,
    weights,
)
from sfm2.diagnosis.finding import Finding, ok, problem, warning
from sfm2.diagnosis.own_engine import OwnEngine, runs_own_engine
from sfm2.diagnosis.service import FoundService, Listener, check_service, host_of, look_at_service
from sfm2.diagnosis.weights import Preparation
from sfm2.installation import command_for
from sfm2.types import BackendStatus

Check = Callable[[], Iterable[Finding]]
_WAIT = 60.0  # seconds for an answer: a machine that is slow is to be told so


@dataclass(frozen=True)
class Subject:
    """What is examined."""

    settings: Settings
    environment: Mapping[str, str]
    url: str | None
    """Of the service; None: none is looked for"""
    named: bool = False
    """Whether the caller named that address"""
    key: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether the service is on another machine: then this one's engine and folders are of no interest."""
        return self.named and self.url is not None and not is_loopback(host_of(self.url))


def examine(subject: Subject, *, quick: bool, report: Callable[[str], None] = lambda step: None) -> list[Finding]:
    """All findings. `quick`: measures nothing and asks no model. `report` gets what is being done. Raises nothing."""
    report("looking at this machine")
    service = look_at_service(subject.url) if subject.url else None
    running = service is not None and service.listener is Listener.SFM2
    engine, preparation = _prepared(subject, running, thorough=not quick)
    findings = _together(_facts(subject, service, engine, preparation, quick))
    if quick:
        return findings
    if not subject.elsewhere:
        report("measuring memory and processor")
        read = preparation.read_per_token
        findings += _guarded(speed.NAME, lambda: [speed.check_speed(speed.measure_speed(), read)])
    ready = preparation.ready
    urls = subject.settings.models.sfm2.url or ()
    if urls and "sfm2" in subject.settings.fallback.chain and not subject.elsewhere:
        report("asking the engines at models.sfm2.url" if len(urls) > 1 else "asking the engine at models.sfm2.url")
        of_urls, ready = _engines_at(urls)
        findings += of_urls
    report("asking the model")
    return findings + _guarded(asking.HOLE, lambda: _asked(subject, service, ready))


def broken_settings(message: str, advice: str) -> list[Finding]:
    """What can be said when the settings can't be read."""
    checks: list[tuple[str, Check]] = [
        (processor.NAME, lambda: [processor.check_processor(processor.read_processor())]),
        (packages.NAME, lambda: [packages.check_packages(packages.read_versions(), engine_needed=False)]),
    ]
    return [problem("settings", message, advice), *_together(checks)]


def odd_variables(warnings: Sequence[str]) -> list[Finding]:
    """`warnings`: of loading the settings."""
    return [warning("settings", one, "Correct its name, or remove it") for one in warnings]


def _facts(
    subject: Subject,
    service: FoundService | None,
    engine: OwnEngine | None,
    preparation: Preparation,
    quick: bool,
) -> list[tuple[str, Check]]:
    """What is read in a moment, by name."""
    settings, here = subject.settings, not subject.elsewhere
    other, openvino = engine is not None and not engine.is_openvino, engine is not None and engine.is_openvino
    versions = {} if other else packages.read_versions()
    running = service is not None and service.listener is Listener.SFM2
    needed = 0 if running else preparation.needed_memory
    # Asking OpenVINO takes half a second, and matters where the settings name a device.
    spared = _openvino_missing() or (quick and settings.models.sfm2.device in ("auto", "cpu"))
    serves = find_spec("fastapi") is not None
    checks: list[tuple[bool, str, Check]] = [
        (True, processor.NAME, lambda: [processor.check_processor(processor.read_processor(), openvino)]),
        (here, "load", lambda: [processor.check_load(os.getloadavg()[0], processor.usable_cores())]),
        (
            True,
            packages.NAME,
            lambda: [packages.check_packages(versions, openvino and not (running or _openvino_missing()))],
        ),
        (True, weights.NAME, lambda: preparation.findings),
        (here, memory.NAME, lambda: [memory.check_memory(memory.available_memory(), needed)]),
        (here, folders.NAME, lambda: folders.check_folders(_folders(settings, preparation.needed_disk))),
        (openvino and not spared, devices.NAME, lambda: _device(settings)),
        (here, "gpu", lambda: _nvidia(settings, engine)),
        (here and serves, store.NAME, lambda: [store.check_store(settings.storage)]),
        (True, proxies.NAME, lambda: _proxies(subject, running)),
        (True, "server", lambda: check_service(service, subject.named) if service else []),
    ]
    return [(name, check) for wanted, name, check in checks if wanted]


def _openvino_missing() -> bool:
    return find_spec("openvino_genai") is None


def _prepared(subject: Subject, running: bool, thorough: bool) -> tuple[OwnEngine | None, Preparation]:
    """The engine of our own, and what is said of it and its weights. None: none is asked for here, or the look failed."""
    settings = subject.settings
    if not runs_own_engine(settings) or subject.elsewhere:
        return None, Preparation(runnable=True)
    try:
        engine = own_engine.look_at_own_engine(settings.models.sfm2)
        said = own_engine.check_own_engine(engine, running)
    except Exception as error:  # noqa: BLE001  # as below
        return None, Preparation((_failed(own_engine.NAME, error),))
    preparation = _of_weights(settings, engine, thorough)
    if running and preparation.needed_disk:
        # Such as a container's: what it runs is not here, and nobody here needs it.
        preparation = Preparation((ok(weights.NAME, "not here, or not converted: the server that runs has its own"),))
    return engine, replace(preparation, findings=(*said, *preparation.findings))


def _of_weights(settings: Settings, engine: OwnEngine, thorough: bool) -> Preparation:
    if engine.is_openvino and _openvino_missing():
        return Preparation()
    try:
        return weights.look_at_weights(settings, engine, thorough)
    except Exception as error:  # noqa: BLE001  # as below
        return Preparation((_failed(weights.NAME, error),))


def _engines_at(urls: Sequence[str]) -> tuple[list[Finding], bool]:
    """The findings, and whether one of the engines can be asked."""
    try:
        from sfm2.diagnosis.foreign_engine import look_and_check  # imports what few need

        reports = look_and_check(urls)
    except Exception as error:  # noqa: BLE001  # as below
        return [_failed(own_engine.NAME, error)], False
    return [finding for one in reports for finding in one.findings], any(one.usable for one in reports)


def _folders(settings: Settings, needed: int) -> list[folders.Folder]:
    storage = settings.storage
    return [
        folders.look_at("storage.cache_dir", storage.cache_dir, needed),
        folders.look_at("storage.data_dir", storage.data_dir),
        folders.look_at("storage.state_dir", storage.state_dir),
    ]


def _device(settings: Settings) -> list[Finding]:
    try:
        found = devices.openvino_devices()
    except devices.DeviceError as error:
        return [problem(devices.NAME, f"OpenVINO can't list its devices: {error}", command_for("engine"))]
    return [devices.check_device(settings.models.sfm2.device, found)]


def _nvidia(settings: Settings, engine: OwnEngine | None) -> list[Finding]:
    used = bool(settings.models.sfm2.url) or (engine is not None and engine.on_gpu)
    try:
        return devices.check_nvidia(devices.nvidia_devices(), used=used)
    except devices.DeviceError as error:
        return [devices.broken_driver(error)]


def _proxies(subject: Subject, running: bool) -> list[Finding]:
    settings = subject.settings
    urls = {subject.url: subject.url} if subject.url else {"this machine": "http://127.0.0.1"}
    if settings.models.openai.base_url and "openai" in settings.fallback.chain:
        urls["models.openai.base_url"] = settings.models.openai.base_url
    reached = None
    if running and subject.url and proxies.proxy_for(subject.url, subject.environment):
        reached = look_at_service(subject.url, through_proxies=True).listener is Listener.SFM2
    return proxies.check_proxies(urls, subject.environment, reached)


def _asked(subject: Subject, service: FoundService | None, ready: bool) -> list[Finding]:
    """`ready`: the models in this process could answer, and soon."""
    health = service.health if service is not None and service.listener is Listener.SFM2 else None
    if health is None and (subject.named or not ready):
        return [ok(asking.HOLE, "not asked: there is no model yet that could answer")]
    if health is not None and BackendStatus.LOADING in health.model_status.values():
        return [ok(asking.HOLE, "not asked: the server is loading its model")]
    with _completer(subject, health is not None) as completer:
        return [*asking.ask_for_hole(completer), asking.time_first_line(completer)]


@contextmanager
def _completer(subject: Subject, running: bool) -> Iterator[Completer]:
    """The service, or the models in this process."""
    if running and subject.url:
        with SFM2Client(subject.url, subject.key, timeout=_WAIT, max_retries=0) as client:
            yield client
        return
    from sfm2.core import ModelManager

    with ModelManager(subject.settings) as manager:
        yield manager


def _together(checks: list[tuple[str, Check]]) -> list[Finding]:
    """The findings of checks that run at the same time, in the order of the checks."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return [one for found in pool.map(lambda check: _guarded(*check), checks) for one in found]


def _guarded(name: str, check: Check) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001  # whatever it is, the other checks have something to say
        return [_failed(name, error)]


def _failed(name: str, error: Exception) -> Finding:
    said = f"this check itself failed: {type(error).__name__}: {error}"
    return problem(name, said, "Report this, with the whole output of `sfm2 doctor --json`")
