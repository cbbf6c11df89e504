"""The engine's process: kept running, restarted when it dies, gone when we are gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from sfm2.backends.sfm2 import SFM2
from sfm2.config import Settings
from sfm2.engines.base import EngineHealth, Phase
from sfm2.engines.llama_cpp.client import LlamaCppClient
from sfm2.engines.openvino.program import OpenVINO
from sfm2.engines.supervision.supervisor import Supervisor
from sfm2.errors import BackendError, BackendLoadingError
from sfm2.generation import GenerationRequest
from sfm2.testing import until_async
from sfm2.types import BackendStatus, SamplingParams
from tests.engines.conftest import MakeSettings

pytestmark = pytest.mark.slow

Scenario = Callable[[Supervisor], Awaitable[None]]


def supervise(settings: Settings, scenario: Scenario, **options: object) -> None:
    async def run() -> None:
        supervisor = Supervisor(OpenVINO(settings), **options)  # type: ignore[arg-type]
        await supervisor.start()
        try:
            await supervisor.settled()
            await scenario(supervisor)
        finally:
            await supervisor.aclose()

    asyncio.run(asyncio.wait_for(run(), 300))


def phase(supervisor: Supervisor) -> Phase:
    return supervisor.health.phase


async def answers(supervisor: Supervisor) -> bool:
    client = LlamaCppClient(supervisor.address, timeout=30)
    try:
        chunks = [chunk async for chunk in client.generate("def", SamplingParams(max_length=3))]
    finally:
        await client.aclose()
    return chunks[-1].finish_reason is not None


def test_loads_and_answers(tiny_settings: MakeSettings) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        health = supervisor.health
        assert (health.phase, health.reason.split(":")[0]) == (Phase.READY, "tiny on CPU, by OpenVINO; auto"), "and why"
        assert (health.model, health.device, health.adapter) == ("tiny", "CPU", None)
        assert await answers(supervisor)

    supervise(tiny_settings(), scenario)


def test_a_killed_engine_is_back_at_the_same_address(tiny_settings: MakeSettings) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        address, pid = supervisor.address, supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(BackendError):
            await answers(supervisor)  # it dies with the request, or says that it is loading
        await supervisor.settled()
        assert await answers(supervisor)
        assert supervisor.address == address
        assert supervisor.pid != pid
        assert supervisor.health.restarts == 1

    supervise(tiny_settings(), scenario)


def test_one_that_stands_still_is_said_so_and_replaced(
    tiny_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sfm2.engines.supervision.supervisor._REPLACED", 5.0)
    seen: list[EngineHealth] = []

    async def scenario(supervisor: Supervisor) -> None:
        first, pid = supervisor.health, supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await until_async(lambda: phase(supervisor) is Phase.STALLED, 60)
        assert f"process {pid}) stands still" in supervisor.health.reason
        assert json.loads((tmp_path / "state.json").read_text())["phase"] == "stalled"
        await until_async(lambda: phase(supervisor) is Phase.READY, 120)
        assert supervisor.pid != pid
        assert not psutil.pid_exists(pid)
        assert supervisor.health.since is not None
        assert supervisor.health.since > (first.since or 0)
        assert await answers(supervisor)

    supervise(tiny_settings(), scenario, on_change=seen.append, state_file=tmp_path / "state.json")
    assert any("stood still for" in health.reason for health in seen if health.phase is Phase.LOADING)


def test_who_waits_for_one_that_stands_still_is_told(
    tiny_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when it has been replaced."""
    monkeypatch.setattr("sfm2.engines.supervision.supervisor._REPLACED", 600.0)

    async def scenario() -> list[BackendStatus]:
        backend = SFM2(tiny_settings())
        await backend.start()
        try:
            await backend.ready()
            (engine,) = [one for one in psutil.Process().children() if "sfm2.engines.openvino" in one.cmdline()]
            engine.suspend()
            with pytest.raises(BackendLoadingError, match="stands still"):
                await anext(backend.stream(GenerationRequest("def")))
            seen = [(await backend.health()).status]
            assert not await backend.works()
            engine.kill()
            return seen
        finally:
            await backend.aclose()

    assert asyncio.run(asyncio.wait_for(scenario(), 300)) == [BackendStatus.UNAVAILABLE]


def test_one_that_goes_on_is_the_same_one(tiny_settings: MakeSettings) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        pid, since = supervisor.pid, supervisor.health.since
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await until_async(lambda: phase(supervisor) is Phase.STALLED, 60)
        os.kill(pid, signal.SIGCONT)
        await until_async(lambda: phase(supervisor) is Phase.READY, 60)
        assert supervisor.pid == pid
        assert supervisor.health.since != since, "what failed while it stood still says nothing of it now"
        assert await answers(supervisor)

    supervise(tiny_settings(), scenario)


def test_closing_it_leaves_no_process(tiny_settings: MakeSettings) -> None:
    seen: list[int] = []

    async def scenario(supervisor: Supervisor) -> None:
        assert supervisor.pid is not None
        seen.append(supervisor.pid)

    supervise(tiny_settings(), scenario)
    assert not psutil.pid_exists(seen[0])


def test_the_engine_ends_with_a_parent_that_was_killed(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    settings = tiny_settings()
    script = f"""
import asyncio
from sfm2.config import load
from sfm2.engines.openvino.program import OpenVINO
from sfm2.engines.supervision.supervisor import Supervisor
async def main():
    s = Supervisor(OpenVINO(load({{"models.sfm2.path": {str(settings.models.sfm2.path)!r}, "models.sfm2.context": 512,
        "storage.cache_dir": {str(settings.storage.cache_dir)!r}}}).settings))
    await s.start(); await s.settled(); print(s.pid, flush=True); await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    engine = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([engine], timeout=10)
    assert gone
    assert not alive


def test_loading_is_reported_step_by_step(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    seen: list[EngineHealth] = []

    async def scenario(supervisor: Supervisor) -> None: ...

    settings = tiny_settings(storage__cache_dir=tmp_path)
    supervise(settings, scenario, on_change=seen.append, state_file=tmp_path / "state.json")
    steps = [health.reason for health in seen if health.phase is Phase.LOADING]
    assert any("dequantising" in step for step in steps)
    assert any("compressing" in step for step in steps)
    assert EngineHealth.from_json(json.loads((tmp_path / "state.json").read_text())).phase is Phase.STOPPED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"models__sfm2__max_memory": "100MB"}, "needs 0.45 GB"),
        ({"models__sfm2__path": "/nowhere/model.gguf"}, "/nowhere/model.gguf"),
        ({"models__sfm2__device": "tpu"}, "tpu"),
        ({"storage__cache_dir": f"{__file__}/cache"}, "storage.cache_dir"),
        ({"storage__data_dir": f"{__file__}/data"}, "can't be used: Not a directory"),
    ],
)
def test_what_cannot_work_fails_with_its_reason(
    tiny_settings: MakeSettings, arguments: dict[str, object], said: str
) -> None:
    async def scenario(supervisor: Supervisor) -> None:
        assert supervisor.health.phase is Phase.FAILED
        assert said in supervisor.health.reason
        assert "Traceback" not in supervisor.health.reason
        assert "\n" not in supervisor.health.reason

    supervise(tiny_settings(**arguments), scenario)


def test_weights_that_come_later_are_found(
    tiny_settings: MakeSettings, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfm2.engines.supervision.supervisor._LOOK_AGAIN", 0.1)

    async def scenario(supervisor: Supervisor) -> None:
        assert phase(supervisor) is Phase.FAILED
        (tmp_path / "later.gguf").symlink_to(tiny_gguf)
        await until_async(lambda: phase(supervisor) is Phase.READY, 120)

    supervise(tiny_settings(models__sfm2__path=tmp_path / "later.gguf"), scenario)


def test_a_death_is_reported_with_its_last_words(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    """A converted folder that is damaged: the engine dies while loading, and says of what."""
    seen: list[EngineHealth] = []

    async def damage(supervisor: Supervisor) -> None:
        (model,) = tmp_path.glob("engines/*/openvino_model.xml")
        model.write_text("not a model")
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        await until_async(lambda: any("could not load" in health.reason for health in seen), 30)

    supervise(tiny_settings(storage__cache_dir=tmp_path), damage, on_change=seen.append)
    assert any("the engine died (status -9)" in health.reason for health in seen)
    assert any(health.reason.startswith("loading weights; again, since the engine died") for health in seen), (
        "meanwhile"
    )
