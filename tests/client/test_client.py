"""The SDK against the real service, both clients by the same tests."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import httpx
import pytest

import sfm2
from sfm2 import (
    AuthenticationError,
    Completion,
    Explanation,
    GenerationConfig,
    InvalidRequestError,
    ModelUnavailableError,
    RateLimitError,
    SFM2Client,
    SFM2Error,
)
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.client.both import Connect
from tests.server.live import live, settings_for


def test_generate(connect: Connect, echo_url: str) -> None:
    result = connect(api_url=echo_url).generate("x\necho: one two", max_length=1, language="markdown")
    assert isinstance(result, Completion)
    assert result.completion == " one"
    assert result.generated_code == "x\necho: one two one"
    assert (result.model_used, result.finish_reason) == ("echo", "length")


def test_named_settings_win_over_the_config(connect: Connect, echo_url: str) -> None:
    config = GenerationConfig(max_length=1, temperature=0.8, top_p=0.9, top_k=50, repetition_penalty=1.1)
    client = connect(api_url=echo_url)
    assert client.generate("x\necho:a b c", config=config).completion == "a"
    assert client.generate("x\necho:a b c", config=config, max_length=2).completion == "a b"


def test_feedback(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url)
    before = client.stats().feedback
    client.feedback(client.generate("x").id, "accepted")
    client.feedback(client.generate("x").id, sfm2.Outcome.REJECTED)
    after = client.stats()
    assert after.feedback == {**before, "accepted": before["accepted"] + 1, "rejected": before["rejected"] + 1}
    assert after.acceptance_rate is not None
    with pytest.raises(sfm2.NotFoundError, match="no completion 'gone'"):
        client.feedback("gone", "accepted")
    with pytest.raises(InvalidRequestError, match="outcome"):
        client.feedback("gone", "loved")


def test_mode_guard_and_features_are_settings(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url)
    prompt = "def f():\n    return 1  # echo:\ndef g("
    assert client.generate(prompt, language="python", guard=False).guard.action == "off"
    answer = client.generate(prompt, language="python", mode="line", features=True)
    assert "mean_logprob" in answer.features


def test_stream(connect: Connect, echo_url: str) -> None:
    stream = connect(api_url=echo_url).generate_stream("x\necho:a b c", guard=False)
    assert [chunk.text for chunk in stream] == ["a", " b", " c"]
    assert stream.result is not None
    assert stream.result.completion == "a b c"


def test_a_hole_in_chunks(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url)
    stream = client.complete_stream("x\necho:a b c", max_length=2, guard=False, context=[{"text": "y"}])
    assert [chunk.text for chunk in stream] == ["a", " b"]
    assert isinstance(stream.result, Completion)
    assert (stream.result.completion, stream.result.finish_reason) == ("a b", "length")
    stream = client.complete_stream("x = 1\necho:2", "\ny = 3\n", path="a.py")
    assert "".join(chunk.text for chunk in stream) == stream.result.completion == "2"


def test_an_explanation_in_chunks(connect: Connect, echo_url: str) -> None:
    stream = connect(api_url=echo_url).explain_stream("x\necho: some  words ", max_length=20)
    chunks = [chunk.text for chunk in stream]
    assert len(chunks) > 1
    assert isinstance(stream.result, Explanation)
    assert "".join(chunks) == stream.result.explanation
    assert stream.result.explanation.startswith("some  words")


def test_leaving_a_stream_early(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url, max_connections=1)
    stream = client.generate_stream("x\necho-slow:a b c d e f g h", guard=False)
    for chunk in stream:
        assert chunk.text == "a"
        break
    stream.close()
    stream.close()
    assert stream.result is None
    assert client.generate("x\necho:free").completion == "free", "the only connection is free again"


def test_a_stream_raises_what_an_ordinary_request_would(connect: Connect, echo_url: str) -> None:
    with pytest.raises(InvalidRequestError, match="temperature"):
        list(connect(api_url=echo_url).generate_stream("x", temperature=9))


def test_batch_has_errors_in_place(connect: Connect, echo_url: str) -> None:
    good, bad, also_good = connect(api_url=echo_url).generate_batch(["x\necho:1", "", "x\necho:2"], max_length=5)
    assert (good.completion, also_good.completion) == ("1", "2")
    assert isinstance(bad, InvalidRequestError)
    assert "prompt" in bad.message
    for text in ("completion", "generated_code"):
        with pytest.raises(InvalidRequestError, match="prompt"):
            getattr(bad, text)


def test_complete_and_explain(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url)
    assert client.complete("x = 1\necho:2", "\ny = 3\n", path="a.py", max_length=5).completion == "2"
    assert client.explain("x\necho:words", max_length=5).model_used == "echo"


def test_health_and_stats_read_like_dicts(connect: Connect, echo_url: str) -> None:
    client = connect(api_url=echo_url)
    assert client.health_check()["status"] == "healthy"
    before = client.stats()["total_requests"]
    client.generate("x")
    assert client.stats()["total_requests"] == before + 1


@pytest.mark.parametrize(
    ("prompt", "said"), [("", "empty"), ("a\x00b", "NUL"), ("lone \ud800", "surrogate"), ("x" * 300_000, "300,000")]
)
def test_a_prompt_that_cannot_be_is_refused_in_words(connect: Connect, echo_url: str, prompt: str, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said) as caught:
        connect(api_url=echo_url).generate(prompt)
    assert caught.value.suggestion
    assert caught.value.request_id


def test_an_unknown_argument_is_refused_before_sending(connect: Connect) -> None:
    with pytest.raises(InvalidRequestError, match="max_lenght"):
        connect(api_url="http://127.0.0.1:9").generate("x", max_lenght=3)


def test_an_address_that_is_none(connect: Connect) -> None:
    with pytest.raises(InvalidRequestError, match="localhost:8000"):
        connect(api_url="localhost:8000")


def test_the_environment_names_server_and_key(connect: Connect, echo_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFM2_API_URL", echo_url)
    monkeypatch.setenv("SFM2_API_KEY", "sfm2_secret")
    client = connect()
    assert client.generate("x\necho:here").completion == "here"
    assert echo_url.rstrip("/") in repr(client)
    assert "secret" not in repr(client)


def test_all_backends_down(connect: Connect, data_dir: Path) -> None:
    models = {"openai": {"base_url": "http://127.0.0.1:9/v1"}}
    app = create_app(settings_for(data_dir, models=models, fallback={"chain": ["gpt2_lora", "openai"]}))
    with live(app) as server:
        client = connect(api_url=str(server.base_url), max_retries=0)
        with pytest.raises(ModelUnavailableError) as caught:
            client.generate("def example():")
        assert caught.value.fallback_model == "openai"
        assert caught.value.message.startswith("SFM-2 model is currently unavailable")
        assert client.health_check().model_status["gpt2_lora"] == "not_configured"


def test_keys(connect: Connect, data_dir: Path) -> None:
    store = Store.in_folder(data_dir)
    _, key = Keys(store).create("test")
    store.close()
    with live(create_app(settings_for(data_dir))) as server:
        url = str(server.base_url)
        assert connect(api_url=url, api_key=key).generate("x\necho:in").completion == "in"
        for wrong in (None, "sfm2_wrong_key"):
            with pytest.raises(AuthenticationError) as caught:
                connect(api_url=url, api_key=wrong).generate("x")
            assert caught.value.request_id


def test_a_rate_limit_says_when_to_come_again(connect: Connect, data_dir: Path) -> None:
    with live(create_app(settings_for(data_dir, limits={"rate": "1/hour"}))) as server:
        client = connect(api_url=str(server.base_url))
        client.generate("x")
        with pytest.raises(RateLimitError) as caught:
            client.generate("x")
        assert caught.value.retry_after is not None
        assert 3000 < caught.value.retry_after <= 3600


def test_the_cache_asks_once(connect: Connect, data_dir: Path) -> None:
    with live(create_app(settings_for(data_dir))) as server:
        client = connect(api_url=str(server.base_url), enable_cache=True, cache_ttl=3600)
        first = client.generate("x\necho:a", temperature=0.5)
        assert client.generate("x\necho:a", temperature=0.5) == first
        assert client.stats().total_requests == 1
        client.generate("x\necho:a", temperature=0.6)
        assert client.stats().total_requests == 2


def test_with_options_shares_connections_and_outlives_its_original(connect: Connect, echo_url: str) -> None:
    patient = connect(api_url=echo_url, timeout=5).with_options(timeout=20, max_retries=0)
    gc.collect()
    assert patient.generate("x\necho:still").completion == "still"


def test_a_pool_of_ones_own_is_left_open(echo_url: str) -> None:
    with httpx.Client() as pool:
        with SFM2Client(echo_url, http_client=pool) as client:
            client.health_check()
        assert not pool.is_closed


def test_one_client_serves_many_threads(echo_url: str) -> None:
    answers: list[str] = []
    with SFM2Client(echo_url, max_connections=4) as client:
        threads = [
            threading.Thread(target=lambda i=i: answers.append(client.generate(f"x\necho:{i}").completion))
            for i in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers, key=int) == [str(i) for i in range(20)]


def test_the_seeds_error_handling(connect: Connect) -> None:
    """Whatever goes wrong is an `SFM2Error`."""
    with pytest.raises(SFM2Error):
        connect(api_url="http://127.0.0.1:9", max_retries=0).generate("x")


def test_what_stood_in_for_a_failed_backend_is_not_kept(connect: Connect, data_dir: Path) -> None:
    with live(create_app(settings_for(data_dir, fallback={"chain": ["gpt2_lora", "echo"]}))) as server:
        client = connect(api_url=str(server.base_url), enable_cache=True)
        assert client.generate("x\necho:a").model_used == "echo"
        client.generate("x\necho:a")
        assert client.stats().total_requests == 2
