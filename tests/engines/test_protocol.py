"""llama.cpp's routes, spoken by a real engine process on tiny weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from sfm2.engines.llama_cpp.wire import TOO_LATE
from sfm2.engines.openvino.placement import folder_for
from sfm2.engines.openvino.presets import preset
from sfm2.engines.openvino.vocabulary import OpenVINOVocabulary
from sfm2.generation import Priority
from sfm2.models.digest import sha256_of
from sfm2.testing import until
from tests.engines.conftest import MakeSettings
from tests.engines.running import Collected, EngineClient, running_engine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tiny_settings: MakeSettings) -> Iterator[EngineClient]:
    """A client of a running engine that takes four requests at once."""
    with running_engine(tiny_settings(models__sfm2__max_requests=4)) as engine:
        yield engine


@pytest.fixture(scope="module")
def vocabulary(engine: EngineClient, tiny_settings: MakeSettings) -> OpenVINOVocabulary:
    """The one of the weights that `engine` runs."""
    settings = tiny_settings()
    assert settings.models.sfm2.path is not None
    return OpenVINOVocabulary(folder_for(settings, sha256_of(settings.models.sfm2.path), preset()))


def tokens(engine: EngineClient, text: str, *, parse_special: bool = True) -> list[int]:
    body = {"content": text, "parse_special": parse_special}
    found: list[int] = engine.http.post("/tokenize", json=body).json()["tokens"]
    return found


def test_health_needs_no_key_and_the_rest_does(engine: EngineClient) -> None:
    url = str(engine.http.base_url)
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert httpx.post(f"{url}/completion", json={"prompt": "x"}, headers=headers).status_code == 401


def test_line_by_line_gives_the_same_text_as_token_by_token(engine: EngineClient) -> None:
    by_token, by_line = engine.complete(), engine.complete(by_line=True)
    assert by_line.content == by_token.content
    assert len(by_line.events) < len(by_token.events)
    for whole in (by_token, by_line):
        assert [event.stop for event in whole.events] == [False] * (len(whole.events) - 1) + [True]
        assert whole.last.tokens_predicted == len(whole.tokens) == 24


def test_text_is_whole_characters_though_tokens_are_bytes(engine: EngineClient, vocabulary: OpenVINOVocabulary) -> None:
    answers = [engine.complete(temperature=2, seed=seed, n_predict=200) for seed in range(8)]
    # Which answer ends early differs between processors: the weights are random.
    assert sum(len(answer.tokens) for answer in answers) > 200
    assert all(answer.content == vocabulary.decode(answer.tokens) for answer in answers)


def test_the_chosen_tokens_have_probabilities(engine: EngineClient) -> None:
    entries = engine.complete(n_probs=1).probabilities
    assert len(entries) == 24
    assert all(entry.logprob <= 0 for entry in entries)
    assert all(event.completion_probabilities is None for event in engine.complete().events)


def test_tokens_go_in_and_out(engine: EngineClient, vocabulary: OpenVINOVocabulary) -> None:
    text = "def return    é🙂\n"
    ids = tokens(engine, text)
    assert vocabulary.decode(ids) == text
    assert engine.complete(prompt=ids).content == engine.complete(prompt=text).content


def test_a_special_token_in_a_text_can_be_only_text(engine: EngineClient, vocabulary: OpenVINOVocabulary) -> None:
    text = "a<|im_end|>b<|endoftext|><|im_<|im_end|>"
    (end,) = tokens(engine, "<|im_end|>")
    assert tokens(engine, text).count(end) == 2
    plain = tokens(engine, text, parse_special=False)
    assert end not in plain
    assert vocabulary.decode(plain) == text
    assert tokens(engine, "def return", parse_special=False) == tokens(engine, "def return")


def test_each_token_comes_with_its_bytes_and_each_event_with_the_time_until_the_first(engine: EngineClient) -> None:
    whole = engine.complete(temperature=2, seed=3, n_predict=60, n_probs=1)
    written = b"".join(bytes(one.bytes or ()) for one in whole.probabilities)
    assert written.decode("utf-8", "replace") == whole.content
    times = {event.prompt_seconds for event in whole.events}
    assert len(times) == 1
    assert (times.pop() or 0) > 0


def test_a_stop_text_ends_it(engine: EngineClient) -> None:
    text = engine.complete().content
    whole = engine.complete(stop=[text[5:8]])
    assert whole.last.stop_type == "word"
    assert whole.content == text[: text.index(text[5:8])]


def test_equal_seeds_give_equal_samples(engine: EngineClient) -> None:
    one, same, other = (engine.complete(temperature=1.5, seed=seed).content for seed in (1, 1, 2))
    assert one == same != other
    assert engine.complete(temperature=1.5).content != engine.complete(temperature=1.5).content


def test_a_prompt_beyond_the_window_says_both_lengths(engine: EngineClient) -> None:
    response = engine.http.post("/completion", json={"prompt": "x y " * 10_000})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] == 40_000
    assert error["n_ctx"] == 512


def test_a_completion_ends_at_the_window(engine: EngineClient) -> None:
    last = engine.complete(prompt="x" * 500, n_predict=-1).last
    assert last.stop_type in ("limit", "eos")
    assert (last.tokens_evaluated or 0) + (last.tokens_predicted or 0) <= 512


MALFORMED = [b"", b"[]", b"{", b'{"prompt": 3}', b'{"prompt": ""}', b'{"prompt":"x","top_p":7}']
BEYOND_THE_ENGINE = [
    b'{"prompt": "x", "temperature": 1e-320}',
    b'{"prompt": "x", "top_p": 1e-320}',
    b'{"prompt": "x", "repeat_penalty": 1e-320}',
    b'{"prompt": "x", "top_k": 1%s}' % (b"0" * 30),
    b'{"prompt": "x", "n_predict": 0}',
    b'{"prompt": [1%s]}' % (b"0" * 30),
    b'{"prompt": [-1]}',
]


@pytest.mark.parametrize("body", [*MALFORMED, *BEYOND_THE_ENGINE])
def test_a_request_that_the_engine_can_t_take_is_refused_in_plain_words(engine: EngineClient, body: bytes) -> None:
    response = engine.http.post("/completion", content=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert not re.search(r"\.cpp|/home", error["message"])
    assert engine.complete(n_predict=2).tokens, "others are answered"


def until_idle(engine: EngineClient) -> None:
    until(lambda: engine.running == 0, what="an idle engine")


def test_leaving_a_stream_frees_the_engine(engine: EngineClient) -> None:
    with engine.http.stream("POST", "/completion", json={"prompt": "x", "temperature": 2}) as response:
        next(response.iter_bytes())
    until_idle(engine)


def test_too_many_at_once_are_refused(engine: EngineClient) -> None:
    body = {"prompt": "x" * 100, "temperature": 0, "n_predict": 2000}
    with ExitStack() as streams:
        responses = [streams.enter_context(engine.http.stream("POST", "/completion", json=body)) for _ in range(16)]
        statuses = [response.status_code for response in responses]
    assert statuses.count(429) >= 1
    assert statuses.count(200) >= 4
    until_idle(engine)


def test_who_can_not_be_answered_in_time_is_refused_at_once_and_told_when(engine: EngineClient) -> None:
    long = {"prompt": "x", "temperature": 0, "n_predict": 2000}

    def refused() -> httpx.Response | None:
        """None: the other had ended already."""
        with engine.http.stream("POST", "/completion", json=long):
            response = engine.http.post("/completion", json={**long, "patience": 0.001})
            return response if response.status_code == 429 else None

    refusal = until(refused, what="a refusal")
    assert refusal is not None
    assert refusal.json()["error"]["retry_after"] > 0
    assert engine.complete(patience=600).content
    until_idle(engine)


def test_a_job_that_nobody_waits_for_any_more_is_not_begun(engine: EngineClient) -> None:
    late = engine.complete(patience=0)
    assert late.error is not None
    assert late.error.type == TOO_LATE
    assert late.tokens == []
    until_idle(engine)


def test_a_batch_makes_way_and_goes_on_where_it_was(tiny_settings: MakeSettings) -> None:
    prompts = [f"def return {number} " * 8 for number in range(8)]
    with running_engine(tiny_settings()) as engine, ThreadPoolExecutor(8) as pool:

        def written(prompt: str) -> Collected:
            return engine.complete(prompt=prompt, n_predict=300, n_probs=1, priority=Priority.BATCH)

        def differences(prompt: str, answer: Collected) -> Iterator[float]:
            """How much likelier or unlikelier the tokens were than behind the same text that nobody interrupted."""
            for at in range(20, len(answer.tokens) - 1, 30):
                before = [*tokens(engine, prompt), *answer.tokens[:at]]
                again = engine.complete(prompt=before, n_predict=1, n_probs=1)
                yield abs(again.probabilities[0].logprob - answer.probabilities[at].logprob)

        batch = [pool.submit(written, prompt) for prompt in prompts]
        until(lambda: engine.running == len(prompts), what="a batch that runs")
        typed = [engine.complete(prompt=f"x{number}", priority=Priority.TYPING).content for number in range(5)]
        assert sum(one.done() for one in batch) < len(batch)
        assert all(typed)
        answers = [one.result() for one in batch]
        assert all(one.last.tokens_predicted == len(one.tokens) for one in answers)
        found = [one for pair in zip(prompts, answers, strict=True) for one in differences(*pair)]
    # What runs beside a job changes its last digits: 0.008 at most were seen. Five tokens that are missing in the middle of
    # what was written make 0.014 in the median, and 0.04 in a tenth.
    assert sorted(found)[int(0.9 * len(found))] < 0.02
