"""What holds for every engine of ours, on the same tiny weights: OpenVINO's process, llama.cpp's server, vLLM, PyTorch.

`SFM2_TEST_TORCH_DEVICE=cuda` runs the last of them on a GPU.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file

from sfm2.backends.sfm2 import SFM2
from sfm2.config import Settings
from sfm2.core.loop_thread import LoopThread
from sfm2.engines.base import AdapterFile, Engine, EngineHealth, Phase
from sfm2.engines.registry import engine_for
from sfm2.errors import AdapterError, BackendAdapterError, BackendError, BackendLoadingError, PromptTooLongError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.models.adapters import WEIGHTS, AdapterStore
from sfm2.testing import until, until_async
from sfm2.types import ConversationMessage, SamplingParams
from tests.engines import tiny_adapter
from tests.engines.conftest import MakeSettings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]  # a test may start an engine four times

ENGINES = ["openvino", "llama", "vllm", pytest.param("transformers", marks=pytest.mark.hf)]
PROGRAMS = ("sfm2.engines.openvino", "sfm2.engines.transformers", "llama-server", "VLLM::")
STARTS = 240.0  # seconds; vLLM takes half a minute, and more where the processor is busy
NAMES = ("one", "two", "three")
PROMPT = "def return"
TYPED = "".join(f"def add_{number}(a, b):\n    return a + b\n" for number in range(4))


@pytest.fixture(scope="module", params=ENGINES)
def settings(
    request: pytest.FixtureRequest,
    tiny_settings: MakeSettings,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_gguf: Path,
) -> Settings:
    """With three adapters installed, none of them in use."""
    data = tmp_path_factory.mktemp("data")
    for seed, name in enumerate(NAMES, 1):
        AdapterStore(data).add(tiny_adapter.write(data / "made" / name, tiny_gguf, seed))
    named: dict[str, object] = {"models__sfm2__engine": request.param, "storage__data_dir": data}
    if request.param == "transformers":
        pytest.importorskip("torch")
        named["models__sfm2__device"] = os.environ.get("SFM2_TEST_TORCH_DEVICE", "cpu")
    if request.param == "llama":
        named["models__sfm2__llama_server"] = request.getfixturevalue("llama_server")
    if request.param == "vllm":
        named["models__sfm2__vllm"] = request.getfixturevalue("vllm")
    return tiny_settings(models__sfm2__max_adapters=4, models__sfm2__max_requests=4, **named)


@dataclass(frozen=True)
class Running:
    """An engine on a thread of its own, for tests that block."""

    engine: Engine
    thread: LoopThread
    store: AdapterStore

    def chunks(
        self, prompt: str | list[int] = PROMPT, adapter: str | None = None, **sampling: object
    ) -> list[TokenChunk]:
        """Greedy and short unless the arguments say otherwise."""
        return self.thread.run(self._chunks(prompt, adapter, **sampling))

    def text(self, prompt: str | list[int] = PROMPT, adapter: str | None = None, **sampling: object) -> str:
        return "".join(chunk.text for chunk in self.chunks(prompt, adapter, **sampling))

    def texts(self, adapters: list[str | None], prompt: str = PROMPT) -> list[str]:
        """All at once."""

        async def all_of_them() -> list[list[TokenChunk]]:
            return list(await asyncio.gather(*(self._chunks(prompt, one) for one in adapters)))

        return ["".join(chunk.text for chunk in chunks) for chunks in self.thread.run(all_of_them())]

    async def _chunks(self, prompt: str | list[int], adapter: str | None, **sampling: object) -> list[TokenChunk]:
        params = SamplingParams(**{"max_length": 24, "temperature": 0.0, **sampling})  # type: ignore[arg-type]
        lora = AdapterFile.of(self.store.find(adapter)) if adapter else None
        async with aclosing(self.engine.generate(prompt, params, lora, streaming=True)) as chunks:
            return [chunk async for chunk in chunks]

    def tokens(self, text: str, *, parse_special: bool = True) -> list[int]:
        return self.thread.run(self.engine.tokenize(text, parse_special=parse_special))

    @property
    def health(self) -> EngineHealth:
        return self.thread.run(self.engine.health())

    @property
    def busy(self) -> int:
        """Requests in it, also those of nobody."""
        load = self.thread.run(self.engine.load())
        assert load is not None
        return load.running + load.waiting


@pytest.fixture(scope="module")
def running(settings: Settings) -> Iterator[Running]:
    thread = LoopThread("engine")
    engine = engine_for(settings, {})
    try:
        thread.run(engine.start())
        thread.run(engine.ready())
        assert thread.run(engine.health()).phase is Phase.READY, thread.run(engine.health()).reason
        yield Running(engine, thread, AdapterStore(settings.storage.data_dir))
    finally:
        thread.run(engine.aclose())
        thread.close()


def test_health_says_what_runs_on_what_by_what(running: Running, settings: Settings) -> None:
    health, name = running.health, settings.models.sfm2.engine
    by = {"openvino": "OpenVINO", "llama": "llama.cpp", "vllm": "vLLM", "transformers": "transformers"}[name]
    assert health.reason.startswith(f"tiny on {health.device}, by {by}")
    assert health.reason.endswith("(as models.sfm2.engine says)")
    assert (health.model, health.adapter, health.restarts) == ("tiny", None, 0)
    assert health.device == "CPU" or settings.models.sfm2.device == "cuda"


def test_it_knows_its_weights_by_their_digest(running: Running, tiny_gguf: Path, settings: Settings) -> None:
    facts = running.thread.run(running.engine.facts())
    assert facts.model == "tiny"
    assert facts.sha256 == AdapterStore(settings.storage.data_dir).find("one").base


def test_every_token_has_its_text_and_how_likely_it_was(running: Running) -> None:
    """Of tokens that end within a character, llama.cpp tells only the last."""
    chunks = running.chunks()
    assert 12 < sum(chunk.tokens for chunk in chunks) <= 24
    assert all(len(chunk.logprobs) == len(chunk.token_texts) == chunk.tokens for chunk in chunks)
    assert all(value <= 0 for chunk in chunks for value in chunk.logprobs)
    assert [chunk.finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["length"]
    assert chunks[-1].prompt_tokens == len(running.tokens(PROMPT))
    assert (chunks[0].prompt_seconds or 0) > 0


def test_greedy_is_the_same_each_time_whatever_was_asked_before(running: Running) -> None:
    first = running.text(TYPED)
    running.text(TYPED + "x")
    running.text("something else")
    assert running.text(TYPED) == first


def test_equal_seeds_give_equal_samples(running: Running) -> None:
    one, same, other = (running.text(temperature=1.5, seed=seed) for seed in (1, 1, 2))
    assert one == same != other


def as_likely(some: list[TokenChunk], others: list[TokenChunk]) -> bool:
    """Whether they are the same, up to where two tokens are exactly as likely: in 16 bits, that happens."""
    pairs = zip(_tokens(some), _tokens(others), strict=False)
    return next((one[1] == other[1] for one, other in pairs if one[0] != other[0]), True)


def _tokens(chunks: list[TokenChunk]) -> list[tuple[str, float]]:
    return [pair for chunk in chunks for pair in zip(chunk.token_texts, chunk.logprobs, strict=True)]


def test_a_penalty_and_a_choice_of_few_change_what_is_drawn(running: Running) -> None:
    free = running.text(temperature=2.0, seed=7)
    assert running.text(temperature=2.0, seed=7, top_k=1) == running.text()
    assert as_likely(running.chunks(temperature=2.0, seed=7, top_p=1e-6), running.chunks())
    assert running.text() != free
    assert running.text(repetition_penalty=1.9) != running.text()


def test_a_stop_text_ends_it_and_is_not_part_of_it(running: Running) -> None:
    whole = running.text()
    stop = whole[5:8]
    chunks = running.chunks(stop=(stop,))
    assert "".join(chunk.text for chunk in chunks) == whole[: whole.index(stop)]
    assert chunks[-1].finish_reason == "stop"


def test_tokens_go_in_and_out(running: Running) -> None:
    ids = running.tokens("def return    é🙂\n")
    assert running.text(ids) == running.text("def return    é🙂\n")


def test_a_special_token_in_a_text_can_be_only_text(running: Running) -> None:
    (end,) = running.tokens("<|im_end|>")
    text = "a<|im_end|>b<|endoftext|>"
    assert running.tokens(text).count(end) == 1
    assert end not in running.tokens(text, parse_special=False)


def test_the_chat_template_is_that_of_the_weights(running: Running) -> None:
    said = [ConversationMessage(role="user", content="one "), ConversationMessage(role="assistant", content="two")]
    assert running.thread.run(running.engine.apply_chat_template(said)) == "one two"


def test_a_prompt_beyond_the_window_says_both_lengths(running: Running) -> None:
    with pytest.raises(PromptTooLongError) as caught:
        running.text("x y " * 1_000)
    assert caught.value.details == {"n_prompt_tokens": 4_000, "n_ctx": 512}


def test_leaving_frees_the_engine(running: Running) -> None:
    async def leave() -> bool:
        """Whether it was in the middle of it: the weights are tiny."""
        async with aclosing(running.engine.generate("x", SamplingParams(max_length=450), streaming=True)) as chunks:
            await anext(chunks)
            load = await running.engine.load()
            return load is not None and load.running == 1

    until(lambda: running.thread.run(leave()), 30, "a stream that was left in the middle")
    until(lambda: running.busy == 0, 30, "an idle engine")


# Adapters: each request its own, and none gets what was read with another one.


@pytest.fixture(scope="module")
def cold(settings: Settings) -> Callable[[str, str | None], str]:
    """What an adapter writes behind a prompt in an engine that has not read anything before."""
    found: dict[tuple[str, str | None], str] = {}

    def text(prompt: str, adapter: str | None) -> str:
        if (prompt, adapter) not in found:
            found[prompt, adapter] = asyncio.run(asyncio.wait_for(_fresh(settings, prompt, adapter), STARTS))
        return found[prompt, adapter]

    return text


async def _fresh(settings: Settings, prompt: str, adapter: str | None) -> str:
    engine = engine_for(settings, {})
    try:
        await engine.start()
        await engine.ready()
        lora = AdapterFile.of(AdapterStore(settings.storage.data_dir).find(adapter)) if adapter else None
        stream = engine.generate(prompt, SamplingParams(max_length=24, temperature=0), lora)
        return "".join([chunk.text async for chunk in stream])
    finally:
        await engine.aclose()


def test_switching_adapters_gives_what_a_cold_engine_gives(
    running: Running, cold: Callable[[str, str | None], str]
) -> None:
    for name in (None, "one", "two", None, "two", "one", "one", None, "three"):
        assert running.text(TYPED, name) == cold(TYPED, name)
    assert len({cold(TYPED, name) for name in (None, *NAMES)}) == 4


def test_the_read_beginning_of_one_is_not_used_for_another(
    running: Running, cold: Callable[[str, str | None], str]
) -> None:
    """As while typing: a prompt is asked for again and again, and grows."""
    longer = TYPED + "\n\ndef sub"
    for name in (None, "one", None, "one"):
        running.text(TYPED, name)
        for other in (None, "one"):
            assert running.text(longer, other) == cold(longer, other)


def test_what_was_read_long_ago_with_one_is_not_used_for_another(
    settings: Settings, cold: Callable[[str, str | None], str]
) -> None:
    """llama.cpp's server may keep what it has read beside the places that requests have, and forgets with which adapter."""
    models = settings.models.model_copy(update={"sfm2": settings.models.sfm2.model_copy(update={"max_requests": 1})})
    store, other = AdapterStore(settings.storage.data_dir), "class Matrix:\n    " * 8

    async def scenario() -> list[str]:
        engine = engine_for(settings.model_copy(update={"models": models}), {})
        try:
            await engine.start()
            await engine.ready()
            texts = []
            for prompt, name in ((TYPED, None), (other, "one"), (TYPED, "one")):
                lora = AdapterFile.of(store.find(name)) if name else None
                stream = engine.generate(prompt, SamplingParams(max_length=24, temperature=0), lora)
                texts.append("".join([chunk.text async for chunk in stream]))
            return texts
        finally:
            await engine.aclose()

    assert asyncio.run(asyncio.wait_for(scenario(), STARTS))[-1] == cold(TYPED, "one")


def test_side_by_side_each_gives_what_it_gives_alone(running: Running) -> None:
    alone = {name: running.text(PROMPT, name) for name in (None, *NAMES)}
    for order in ([None, *NAMES], ["three", "one", "one", None], [*NAMES, None]):
        assert running.texts(order) == [alone[name] for name in order]


async def _stream(backend: SFM2, adapter: str | None) -> list[TokenChunk]:
    request = GenerationRequest("def", adapter=adapter, sampling=SamplingParams(max_length=4, temperature=0))
    return [chunk async for chunk in backend.stream(request)]


def on_backend(settings: Settings, scenario: Callable[[SFM2], Awaitable[None]]) -> None:
    async def run() -> None:
        backend = SFM2(settings)
        await backend.start()
        try:
            await backend.ready()
            await scenario(backend)
        finally:
            await backend.aclose()

    asyncio.run(asyncio.wait_for(run(), 300))


def own_data(settings: Settings, folder: Path) -> Settings:
    """The same with a store of adapters of its own."""
    return settings.model_copy(update={"storage": settings.storage.model_copy(update={"data_dir": folder})})


def test_an_adapter_of_other_weights_is_refused(settings: Settings, tmp_path: Path) -> None:
    AdapterStore(tmp_path).add(tiny_adapter.write(tmp_path / "made" / "foreign", "ab" * 32, 1, "another model"))

    async def scenario(backend: SFM2) -> None:
        with pytest.raises(AdapterError, match="was trained on another model"):
            await _stream(backend, "foreign")
        assert await _stream(backend, None)

    on_backend(own_data(settings, tmp_path), scenario)


def test_one_that_does_not_fit_fails_alone(settings: Settings, tmp_path: Path, tiny_gguf: Path) -> None:
    store, tensors = AdapterStore(tmp_path), tiny_adapter.tensors(1)
    first = next(iter(tensors))
    unsound = {
        "misshapen": {**tensors, first: np.zeros((4, 77), np.float16)},
        "half": {first: tensors[first]},
        "strange": {"something.weight": tensors[first]},
        "nan": {name: np.full_like(one, np.nan) for name, one in tensors.items()},
    }
    for name, changed in unsound.items():
        save_file(changed, tiny_adapter.write(tmp_path / "made" / name, tiny_gguf, 1) / WEIGHTS)
        store.add(tmp_path / "made" / name)
    store.add(tiny_adapter.write(tmp_path / "made" / "one", tiny_gguf, 1))

    async def scenario(backend: SFM2) -> None:
        for name in unsound:
            with pytest.raises(BackendAdapterError, match="adapter"):
                await _stream(backend, name)
            assert (await _stream(backend, "one"))[0].adapter == "one"

    on_backend(own_data(settings, tmp_path), scenario)


def test_one_that_is_added_while_it_runs_is_loaded(settings: Settings, tmp_path: Path, tiny_gguf: Path) -> None:
    store = AdapterStore(tmp_path)

    async def scenario(backend: SFM2) -> None:
        base = await _stream(backend, None)
        store.add(tiny_adapter.write(tmp_path / "made" / "late", tiny_gguf, 5))
        store.use("late")

        async def answered() -> list[TokenChunk] | None:
            try:
                return await _stream(backend, None)
            except BackendLoadingError:
                return None

        late = None
        async with asyncio.timeout(60):
            while late is None:
                late = await answered()
                await asyncio.sleep(0.1)
        assert late[0].adapter == "late"
        assert [chunk.text for chunk in late] != [chunk.text for chunk in base]
        assert [chunk.text for chunk in await _stream(backend, "none")] == [chunk.text for chunk in base]
        load = await backend.load()
        assert load is not None
        assert load.restarts == 0

    on_backend(own_data(settings, tmp_path), scenario)


# Lives and deaths.


def workers(of: int | None = None) -> list[psutil.Process]:
    """The processes that run weights, the youngest last."""
    children = psutil.Process(of).children(recursive=True)
    return sorted(filter(_runs_weights, children), key=lambda one: one.create_time())


def _runs_weights(process: psutil.Process) -> bool:
    try:
        return any(name in part for part in process.cmdline() for name in PROGRAMS)
    except psutil.Error:
        return False


def test_a_killed_one_answers_again(settings: Settings) -> None:
    async def scenario(backend: SFM2) -> None:
        before = [chunk.text for chunk in await _stream(backend, None)]
        first = workers()[-1]
        first.kill()
        with pytest.raises(BackendError):
            await _stream(backend, None)  # it dies with the request, or says that it is loading

        async def is_back() -> bool:
            load = await backend.load()
            return load is not None and load.restarts == 1 and await backend.works()

        await until_async(is_back, STARTS)
        assert [chunk.text for chunk in await _stream(backend, None)] == before

    on_backend(settings, scenario)


def test_one_that_stands_still_is_told_and_replaced(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.engines.supervision.supervisor._REPLACED", 5.0)

    async def scenario(backend: SFM2) -> None:
        first = workers()[-1]
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(BackendLoadingError, match="stands still"):
            await _stream(backend, None)
        await until_async(lambda: not psutil.pid_exists(first.pid), 60)
        await backend.ready()
        assert await _stream(backend, None)

    on_backend(settings, scenario)


def test_it_ends_with_a_parent_that_was_killed(settings: Settings) -> None:
    named = settings.models.sfm2
    programs = {name: getattr(named, name) and str(getattr(named, name)) for name in ("llama_server", "vllm")}
    script = f"""
import asyncio
from sfm2.config import load
from sfm2.engines.registry import engine_for
async def main():
    engine = engine_for(load({{"models.sfm2.path": {str(named.path)!r}, "models.sfm2.context": 512,
        "models.sfm2.engine": {named.engine!r}, "models.sfm2.llama_server": {programs["llama_server"]!r},
        "models.sfm2.vllm": {programs["vllm"]!r}, "models.sfm2.device": {named.device!r},
        "storage.cache_dir": {str(settings.storage.cache_dir)!r}}}).settings, {{}})
    await engine.start(); await engine.ready(); print((await engine.health()).phase, flush=True); await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert workers(parent.pid)[-1] in children
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs(children, timeout=10)[1] == []
