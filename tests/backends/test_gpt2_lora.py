"""The gpt2_lora backend on a real, small GPT-2 with a LoRA that is trained here."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

from sfm2.backends.gpt2.backend import GPT2LoRA  # noqa: E402
from sfm2.errors import (  # noqa: E402
    BackendLoadingError,
    BackendOverloadedError,
    PromptTooLongError,
)
from sfm2.generation import GenerationRequest, TokenChunk  # noqa: E402
from sfm2.types import BackendStatus, SamplingParams  # noqa: E402
from tests.backends.tiny_gpt2 import FUNCTION, WINDOW, Folders  # noqa: E402

pytestmark = [
    pytest.mark.hf,
    # transformers warns of a property of its own that peft still reads.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

FIRST_LINE, REST = FUNCTION.split("\n", 1)
GREEDY = GenerationRequest(FIRST_LINE + "\n", sampling=SamplingParams(temperature=0.0, max_length=100))


async def collect(backend: GPT2LoRA, request: GenerationRequest = GREEDY) -> list[TokenChunk]:
    return [chunk async for chunk in backend.stream(request)]


def request_once(backend: GPT2LoRA, request: GenerationRequest = GREEDY) -> list[TokenChunk]:
    async def scenario() -> list[TokenChunk]:
        try:
            return await collect(backend, request)
        finally:
            await backend.aclose()

    return asyncio.run(scenario())


def text_of(chunks: list[TokenChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def test_the_adapter_gives_what_it_was_trained_on(folders: Folders) -> None:
    chunks = request_once(folders.backend())
    assert text_of(chunks) == REST
    assert chunks[-1].finish_reason == "stop"
    assert len(chunks) > 10  # it streams
    assert all("\N{REPLACEMENT CHARACTER}" not in chunk.text for chunk in chunks)


def test_the_base_alone_does_not(folders: Folders, tmp_path: Path) -> None:
    base = transformers.AutoModelForCausalLM.from_pretrained(folders.base)
    untrained = peft.get_peft_model(base, peft.LoraConfig(target_modules=["c_attn"], fan_in_fan_out=True))
    untrained.save_pretrained(tmp_path, save_embedding_layers=False)
    assert text_of(request_once(Folders(folders.base, tmp_path).backend())) != REST


def test_log_probabilities_are_those_of_a_direct_forward_pass(folders: Folders) -> None:
    chunks = request_once(
        folders.backend(),
        GenerationRequest(GREEDY.prefix, sampling=SamplingParams(temperature=1.3, top_p=0.9, seed=3, max_length=20)),
    )
    logprobs = [p for chunk in chunks for p in chunk.logprobs]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders.base)
    base = transformers.AutoModelForCausalLM.from_pretrained(folders.base)
    model = peft.PeftModel.from_pretrained(base, folders.lora).eval()
    prompt = tokenizer(GREEDY.prefix)["input_ids"]
    completion = tokenizer(text_of(chunks))["input_ids"]
    assert sum(chunk.tokens for chunk in chunks) == len(logprobs) == len(completion)
    with torch.no_grad():
        rows = torch.log_softmax(model(torch.tensor([[*prompt, *completion]])).logits[0], dim=-1)
    expected = [float(rows[len(prompt) - 1 + at, token]) for at, token in enumerate(completion)]
    assert logprobs == pytest.approx(expected, abs=1e-3)
    assert chunks[-1].prompt_tokens == len(prompt)


def test_equal_seeds_give_equal_samples_also_side_by_side(folders: Folders) -> None:
    def wild(seed: int) -> GenerationRequest:
        return GenerationRequest("def ", sampling=SamplingParams(temperature=2.0, seed=seed, max_length=15))

    async def scenario() -> tuple[list[str], list[str]]:
        backend = folders.backend()
        alone = [text_of(await collect(backend, wild(seed))) for seed in range(3)]
        together = await asyncio.gather(*(collect(backend, wild(seed)) for seed in range(3)))
        return alone, [text_of(chunks) for chunks in together]

    alone, together = asyncio.run(scenario())
    assert alone == together
    assert len(set(alone)) == 3


def test_without_a_seed_samples_differ(folders: Folders) -> None:
    async def scenario() -> set[str]:
        backend = folders.backend()
        request = GenerationRequest("def ", sampling=SamplingParams(temperature=2.0, max_length=15))
        return {text_of(await collect(backend, request)) for _ in range(4)}

    assert len(asyncio.run(scenario())) > 1


def test_one_candidate_is_greedy_at_any_temperature(folders: Folders) -> None:
    for request in (
        GenerationRequest(GREEDY.prefix, sampling=SamplingParams(temperature=2.0, top_k=1)),
        GenerationRequest(GREEDY.prefix, sampling=SamplingParams(temperature=2.0, top_p=1e-9)),
    ):
        assert text_of(request_once(folders.backend(), request)) == REST


def test_the_length_limit_is_in_tokens(folders: Folders) -> None:
    chunks = request_once(
        folders.backend(), GenerationRequest(GREEDY.prefix, sampling=SamplingParams(temperature=0.0, max_length=5))
    )
    assert sum(chunk.tokens for chunk in chunks) == 5
    assert chunks[-1].finish_reason == "length"
    assert REST.startswith(text_of(chunks))


def test_a_cursor_behind_white_space_is_the_same_as_one_before_it(folders: Folders) -> None:
    line = '    """Σ of the values."""\n    result'
    prefix = GREEDY.prefix + line.removesuffix("result")
    assert text_of(
        request_once(folders.backend(), GenerationRequest(prefix, sampling=SamplingParams(temperature=0.0)))
    ) == FUNCTION.removeprefix(prefix)


def test_an_empty_prompt_is_a_beginning(folders: Folders) -> None:
    assert request_once(folders.backend(), GenerationRequest("", sampling=SamplingParams(max_length=3)))[
        -1
    ].finish_reason in ("length", "stop")


def test_special_tokens_in_a_prompt_are_text(folders: Folders) -> None:
    chunks = request_once(folders.backend(), GenerationRequest("<|endoftext|>", sampling=SamplingParams(max_length=1)))
    assert chunks[-1].prompt_tokens is not None
    assert chunks[-1].prompt_tokens > 1


def test_a_prompt_beyond_the_window(folders: Folders) -> None:
    with pytest.raises(PromptTooLongError, match=f"{WINDOW}"):
        request_once(folders.backend(), GenerationRequest("x = 1\n" * WINDOW))


def test_an_editors_prompt_is_cut_at_its_beginning(folders: Folders) -> None:
    chunks = request_once(
        folders.backend(), GenerationRequest("x = 1\n" * WINDOW, truncate=True, sampling=SamplingParams(max_length=20))
    )
    assert chunks[-1].prompt_tokens == WINDOW - 20


def test_generation_ends_where_the_window_does(folders: Folders) -> None:
    prompt = "x" * (WINDOW - 3)
    chunks = request_once(
        folders.backend(), GenerationRequest(prompt, sampling=SamplingParams(temperature=2.0, seed=1, max_length=50))
    )
    assert (sum(chunk.tokens for chunk in chunks), chunks[-1].finish_reason) in {(3, "length"), (2, "stop")}


def test_a_reader_who_leaves_stops_the_loop_and_lets_the_next_in(folders: Folders) -> None:
    forwards = 0

    def count(*_: object) -> None:
        nonlocal forwards
        forwards += 1

    async def scenario() -> None:
        backend = folders.backend(waiting=1)
        await backend.ready()
        loaded = backend._loading.result
        assert loaded is not None
        loaded.model.register_forward_hook(count)
        stream: AsyncGenerator[TokenChunk, None] = backend.stream(
            GenerationRequest("x", sampling=SamplingParams(temperature=2.0, seed=1, max_length=120))
        )
        async with aclosing(stream):
            await anext(stream)
            left_at = forwards
        assert backend._running is not None
        await backend._running.done
        assert forwards <= left_at + 2  # the token in hand, and one more if the thread was quicker than this test
        assert text_of(await collect(backend)) == REST

    asyncio.run(scenario())


def test_the_line_is_bounded(folders: Folders) -> None:
    async def scenario() -> list[object]:
        backend = folders.backend(waiting=1)
        await backend.ready()
        return await asyncio.gather(*(collect(backend) for _ in range(3)), return_exceptions=True)

    outcomes = asyncio.run(scenario())
    assert [type(outcome) for outcome in outcomes].count(BackendOverloadedError) == 1


def test_loading_is_reported_and_waited_for(folders: Folders) -> None:
    async def scenario() -> list[BackendStatus]:
        backend = folders.backend(patience=0.0)
        seen = [(await backend.health()).status]
        await backend.start()
        seen.append((await backend.health()).status)
        with pytest.raises(BackendLoadingError):
            await collect(backend)
        await backend.ready()
        seen.append((await backend.health()).status)
        assert text_of(await collect(backend)) == REST
        await backend.aclose()
        return seen

    assert asyncio.run(scenario()) == [BackendStatus.CONFIGURED, BackendStatus.LOADING, BackendStatus.AVAILABLE]


def test_it_continues_no_conversations(folders: Folders) -> None:
    assert not folders.backend().capabilities.chats


def test_confidence_is_high_where_it_was_trained(folders: Folders) -> None:
    logprobs = [p for chunk in request_once(folders.backend()) for p in chunk.logprobs]
    assert math.exp(sum(logprobs) / len(logprobs)) > 0.9
