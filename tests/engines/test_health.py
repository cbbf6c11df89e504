"""What a service on tiny weights says of itself, also when the adapter in use does not work."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from sfm2.backends.echo import Echo
from sfm2.backends.sfm2 import SFM2
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import AdapterError, ModelUnavailableError
from sfm2.models.adapters import WEIGHTS, AdapterStore
from sfm2.types import BackendHealth, BackendStatus, Completion, Health
from tests.engines import tiny_adapter
from tests.engines.conftest import MakeSettings

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path: Path, tiny_gguf: Path) -> AdapterStore:
    """One adapter that is sound, one whose tensors have another shape, and one of NaN."""
    store = AdapterStore(tmp_path)
    for name in ("sound", "misshapen", "nan"):
        folder = tiny_adapter.write(tmp_path / "made" / name, tiny_gguf, 1)
        tensors = tiny_adapter.tensors(1)
        if name == "misshapen":
            save_file({**tensors, next(iter(tensors)): np.zeros((4, 77), np.float16)}, folder / WEIGHTS)
        elif name == "nan":
            save_file({key: np.full_like(one, np.nan) for key, one in tensors.items()}, folder / WEIGHTS)
        store.add(folder)
    return store


def health_on(settings: Settings) -> Health:
    async def scenario() -> Health:
        async with AsyncModelManager(settings, patient=True) as models:
            await models.generate("x", max_length=1, adapter="none")
            return await models.health()

    return asyncio.run(scenario())


def test_health_names_model_and_device(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    health = health_on(tiny_settings(storage__data_dir=tmp_path))
    sfm2 = health.backends["sfm2"]
    assert sfm2 == BackendHealth(status=BackendStatus.AVAILABLE, reason=sfm2.reason, model="tiny", device="CPU")
    assert sfm2.reason.startswith("tiny on CPU, by OpenVINO; auto: "), "and why"
    assert health.backends["openai"].status is BackendStatus.NOT_CONFIGURED
    assert {name: one.status for name, one in health.backends.items()} == health.model_status
    assert {name: one.reason for name, one in health.backends.items()} == health.model_details


def test_health_names_the_adapter_in_use(tiny_settings: MakeSettings, tmp_path: Path, store: AdapterStore) -> None:
    store.use("sound")
    assert health_on(tiny_settings(storage__data_dir=tmp_path)).backends["sfm2"].adapter == "sound"


def test_while_weights_load_the_progress_is_a_share(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    async def scenario() -> list[BackendHealth]:
        backend = SFM2(tiny_settings(storage__cache_dir=tmp_path, storage__data_dir=tmp_path))
        await backend.start()
        try:
            ready = asyncio.create_task(backend.ready())
            seen = []
            while not ready.done():
                seen.append(await backend.health())
                await asyncio.sleep(0.005)
            return seen
        finally:
            await backend.aclose()

    seen = asyncio.run(scenario())
    assert {health.status for health in seen[:-1]} == {BackendStatus.LOADING}
    shares = [health.progress for health in seen if health.progress is not None]
    assert shares
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("name", ["misshapen", "nan"])
def test_requests_fall_back_from_an_adapter_in_use_that_does_not_work(
    tiny_settings: MakeSettings,
    tmp_path: Path,
    store: AdapterStore,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """It is known from the start: one that can't be loaded, and one of NaN by what is written to warm up."""
    store.use(name)
    settings = tiny_settings(storage__data_dir=tmp_path, models__sfm2__max_adapters=2)
    short: dict[str, Any] = {"max_length": 4, "temperature": 0}

    async def scenario() -> tuple[Health, Completion, Completion]:
        async with AsyncModelManager(settings, [SFM2(settings), Echo()], patient=True) as models:
            fallen_back = await models.generate("def", **short)
            alone = await models.generate("def", adapter="none", **short)
            with pytest.raises(ModelUnavailableError, match="the adapter"):
                await models.generate("def", use_fallback=False, **short)
            with pytest.raises(AdapterError, match="missing"):
                await models.generate("def", adapter="missing", **short)
            return await models.health(), fallen_back, alone

    with caplog.at_level(logging.WARNING, "sfm2.engines.supervision.supervisor"):
        health, fallen_back, alone = asyncio.run(scenario())
    sfm2 = health.backends["sfm2"]
    assert (sfm2.status, sfm2.adapter) == (BackendStatus.AVAILABLE, None)
    assert fallen_back.model_used == "echo"
    assert [(one.backend, one.reason) for one in fallen_back.fallback] == [("sfm2", "adapter_failed")]
    assert (alone.model_used, alone.adapter) == ("sfm2", None)
    assert "the adapter in use cannot be loaded" in caplog.text
