"""Adapters in a real engine on tiny weights: side by side, loaded while others go on, and never mixed up."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save_file

from sfm2.backends.sfm2 import SFM2
from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED
from sfm2.engines.openvino.pipeline import OpenVINOPipeline, OpenVINORuntime, PipelineConfig
from sfm2.engines.openvino.preparation import prepare
from sfm2.engines.openvino.presets import preset
from sfm2.engines.serving.job import Job, JobOutput
from sfm2.engines.serving.worker import Worker
from sfm2.generation import GenerationRequest
from sfm2.models.adapters import WEIGHTS, AdapterStore
from sfm2.models.facts import ModelFacts
from sfm2.types import ConversationMessage, SamplingParams
from tests.engines import tiny_adapter
from tests.engines.conftest import MakeSettings
from tests.engines.running import DEFAULTS, EngineClient, running_engine

pytestmark = pytest.mark.slow

NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> AdapterStore:
    """Three sound adapters; none is in use."""
    folder = tmp_path_factory.mktemp("adapters")
    store = AdapterStore(folder / "data")
    for seed, name in enumerate(NAMES, 1):
        store.add(tiny_adapter.write(folder / name, tiny_gguf, seed))
    return store


@pytest.fixture(scope="module")
def engine(tiny_settings: MakeSettings) -> Iterator[EngineClient]:
    """Room for all of them at once, and for the base."""
    with running_engine(tiny_settings(models__sfm2__max_adapters=4)) as client:
        yield client


@pytest.fixture(scope="module")
def narrow(tiny_settings: MakeSettings) -> Iterator[EngineClient]:
    """Room for one: whatever is asked for after something else is loaded anew, and has cached nothing."""
    with running_engine(tiny_settings(models__sfm2__max_adapters=1)) as client:
        yield client


@pytest.fixture(scope="module")
def alone(narrow: EngineClient, store: AdapterStore) -> dict[str | None, str]:
    """What each gives by itself; None is the base."""
    return {name: text(narrow, store, name) for name in (None, *NAMES)}


def asked(store: AdapterStore, name: str | None, **fields: Any) -> dict[str, Any]:
    adapter = AdapterFile.of(store.find(name)).model_dump(mode="json") if name else None
    return {**DEFAULTS, "adapter": adapter, **fields}


def text(engine: EngineClient, store: AdapterStore, name: str | None, **fields: Any) -> str:
    whole = engine.complete(**asked(store, name, **fields))
    assert whole.error is None
    return whole.content


def all_at_once(
    engine: EngineClient, store: AdapterStore, names: tuple[str | None, ...]
) -> list[tuple[str | None, str]]:
    with ThreadPoolExecutor(len(names)) as threads:
        return list(zip(names, threads.map(lambda name: text(engine, store, name), names), strict=True))


def test_each_changes_the_text(alone: dict[str | None, str]) -> None:
    assert len(set(alone.values())) == len(alone)


def test_side_by_side_each_gives_what_it_gives_alone(
    engine: EngineClient, store: AdapterStore, alone: dict[str | None, str]
) -> None:
    for _ in range(3):  # the first time they are loaded, then they run in the same rounds
        for name, content in all_at_once(engine, store, (None, *NAMES, *NAMES[::-1], None)):
            assert content == alone[name]
    assert sorted(engine.loaded, key=str) == sorted((None, *NAMES), key=str)


def test_with_room_for_one_all_are_answered(
    narrow: EngineClient, store: AdapterStore, alone: dict[str | None, str]
) -> None:
    for name, content in all_at_once(narrow, store, (*NAMES, None, *NAMES)):
        assert content == alone[name]
    assert len(narrow.loaded) == 1


def test_the_one_that_was_not_asked_for_longest_makes_room(tiny_settings: MakeSettings, store: AdapterStore) -> None:
    with running_engine(tiny_settings(models__sfm2__max_adapters=2)) as engine:
        assert engine.loaded == [None]
        text(engine, store, "one")
        assert engine.loaded == [None, "one"]
        text(engine, store, None)
        text(engine, store, "two")
        assert engine.loaded == [None, "two"]


@pytest.fixture
def worker(tiny_settings: MakeSettings) -> Iterator[Worker]:
    """In this process, so that one sees in which order it hands things out. The base is loaded, and there is room."""
    spec = asyncio.run(prepare(tiny_settings(), lambda step, share: None))
    facts = ModelFacts.read(spec.folder)
    config = PipelineConfig(spec.folder, facts, preset(spec.preset), "CPU", spec.cache_bytes, spec.context)
    worker = Worker(OpenVINORuntime(config), None, most=2)
    thread = threading.Thread(target=worker.run, args=(time.sleep,))
    thread.start()
    yield worker
    worker.close()
    thread.join()


def test_it_has_worked_before_its_first_job(worker: Worker) -> None:
    [pipeline] = worker._pipelines.values()
    assert isinstance(pipeline, OpenVINOPipeline)
    assert pipeline.warmed == 2


def test_an_adapter_loads_while_the_base_goes_on(
    worker: Worker, store: AdapterStore, alone: dict[str | None, str]
) -> None:
    ids = worker.vocabulary.encode("def return")
    one = AdapterFile.of(store.find("one"))
    seen: list[tuple[str, JobOutput]] = []
    ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def job(name: str, tokens: int, adapter: AdapterFile | None = None) -> Job:
        def take(output: JobOutput) -> None:
            seen.append((name, output))
            if [who for who, _ in seen] == ["base"] * 10:
                worker.submit(job("one", 24, one))
            if output.last:
                ended.put(name)

        return Job(ids, SamplingParams(max_length=tokens), take, adapter=adapter)

    def written(name: str) -> str:
        return "".join(output.text for who, output in seen if who == name)

    worker.submit(job("quiet", 400))
    assert ended.get(timeout=30) == "quiet"
    quiet = written("quiet")

    seen.clear()
    worker.submit(job("base", 400))
    assert {ended.get(timeout=30), ended.get(timeout=30)} == {"base", "one"}
    first = [name for name, _ in seen].index("one")
    assert first > 30, "the base went on while the adapter was loaded"
    assert written("base") == quiet
    assert written("one") == alone["one"]
    assert worker.loaded() == [None, one]


def test_leaving_while_it_loads_harms_no_other(
    tiny_settings: MakeSettings, store: AdapterStore, alone: dict[str | None, str]
) -> None:
    with running_engine(tiny_settings(models__sfm2__max_adapters=1)) as engine:
        for name in NAMES:
            with pytest.raises(httpx.ReadTimeout):
                engine.http.post("/completion", json=asked(store, name), timeout=0.01)
        for answerer, content in all_at_once(engine, store, (*NAMES, None)):
            assert content == alone[answerer]
        assert engine.running == 0


# Completions while typing: a prompt is asked for again and again, and grows. What is kept of it is one adapter's.

TYPED = "".join(f"def add_{number}(a, b):\n    return a + b\n" for number in range(4))


def test_the_cached_prefix_of_one_is_not_used_for_another(
    engine: EngineClient, narrow: EngineClient, store: AdapterStore
) -> None:
    questions = [
        (name, TYPED + typed) for typed in ("", "\n\nde", "\n\ndef sub") for name in (None, "one", None, "two", "one")
    ]
    for name, prompt in questions:
        assert text(engine, store, name, prompt=prompt) == text(narrow, store, name, prompt=prompt)


# What cannot work.


def with_tensors(store: AdapterStore, tmp_path: Path, gguf: Path, name: str, tensors: dict[str, Any]) -> None:
    folder = tiny_adapter.write(tmp_path / name, gguf, 1)
    save_file(tensors, folder / WEIGHTS)
    store.add(folder)


@pytest.fixture
def unsound(tmp_path: Path, tiny_gguf: Path) -> AdapterStore:
    """Whole files of what fits no model."""
    store = AdapterStore(tmp_path / "data")
    tensors = tiny_adapter.tensors(1)
    first = next(iter(tensors))
    with_tensors(store, tmp_path, tiny_gguf, "misshapen", {**tensors, first: np.zeros((4, 77), np.float16)})
    with_tensors(store, tmp_path, tiny_gguf, "half", {first: tensors[first]})
    with_tensors(store, tmp_path, tiny_gguf, "strange", {"something.weight": tensors[first]})
    with_tensors(store, tmp_path, tiny_gguf, "nan", {name: np.full_like(one, np.nan) for name, one in tensors.items()})
    store.add(tiny_adapter.write(tmp_path / "gone", tiny_gguf, 1))
    return store


@pytest.mark.parametrize("name", ["misshapen", "half", "strange", "nan", "gone"])
def test_one_that_does_not_work_fails_alone(
    engine: EngineClient, store: AdapterStore, unsound: AdapterStore, alone: dict[str | None, str], name: str
) -> None:
    body = asked(unsound, name)
    if name == "gone":
        unsound.remove(name)
    with ThreadPoolExecutor(3) as threads:
        others = [threads.submit(text, engine, store, other) for other in ("one", None)]
        error = engine.complete(**body).error
        assert error is not None
        assert (error.code, error.type) == (400, ADAPTER_FAILED)
        assert "the adapter" in error.message
        assert [other.result() for other in others] == [alone["one"], alone[None]]
    assert name not in engine.loaded
    assert text(engine, store, "two") == alone["two"]


@pytest.mark.parametrize("name", ["misshapen", "nan"])
def test_an_engine_starts_though_the_one_in_use_does_not_work(
    tiny_settings: MakeSettings,
    tmp_path: Path,
    store: AdapterStore,
    unsound: AdapterStore,
    alone: dict[str | None, str],
    name: str,
) -> None:
    unsound.use(name)
    with running_engine(tiny_settings(storage__data_dir=tmp_path / "data", models__sfm2__max_adapters=2)) as engine:
        error = engine.complete(**asked(unsound, name)).error
        assert error is not None
        assert error.type == ADAPTER_FAILED
        assert text(engine, store, None) == alone[None]
        assert text(engine, store, "one") == alone["one"]


def test_the_one_in_use_completes_and_the_base_explains(
    tiny_settings: MakeSettings, tmp_path: Path, tiny_gguf: Path
) -> None:
    store = AdapterStore(tmp_path)
    store.add(tiny_adapter.write(tmp_path / "one", tiny_gguf, 1))
    store.use("one")

    async def answers() -> list[str | None]:
        backend = SFM2(tiny_settings(storage__data_dir=tmp_path))
        await backend.start()
        try:
            await backend.ready()
            short = SamplingParams(max_length=4)
            code = GenerationRequest("def", sampling=short)
            chat = GenerationRequest(messages=(ConversationMessage(role="user", content="def"),), sampling=short)
            return [[chunk.adapter async for chunk in backend.stream(request)][-1] for request in (code, chat)]
        finally:
            await backend.aclose()

    assert asyncio.run(answers()) == ["one", None]


def test_the_one_in_use_is_loaded_first(tiny_settings: MakeSettings, tmp_path: Path, tiny_gguf: Path) -> None:
    store = AdapterStore(tmp_path)
    store.add(tiny_adapter.write(tmp_path / "one", tiny_gguf, 1))
    store.use("one")
    with running_engine(tiny_settings(storage__data_dir=tmp_path)) as engine:
        assert engine.loaded == ["one"]


def test_who_is_ready_answers_with_the_adapter_and_without(
    tiny_settings: MakeSettings, tmp_path: Path, tiny_gguf: Path
) -> None:
    """One that is for holes only, so that all else needs the base: nobody waits for it to load."""
    store = AdapterStore(tmp_path)
    store.add(tiny_adapter.write(tmp_path / "one", tiny_gguf, 1), holes_only=True)
    store.use("one")
    with running_engine(tiny_settings(storage__data_dir=tmp_path)) as engine:
        assert engine.loaded == [None, "one"]
