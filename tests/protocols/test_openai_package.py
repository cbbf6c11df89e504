"""The `openai` package, unmodified: only its base URL is set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai.types.chat import ChatCompletionStreamOptionsParam, ChatCompletionUserMessageParam

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import KeyScope
from tests.server.live import Serving


@pytest.fixture(scope="module")
def ai(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        yield client


def test_the_models_are_listed(ai: openai.OpenAI) -> None:
    names = [model.id for model in ai.models.list()]
    assert names[:2] == ["sfm2", "qwen2.5-coder-0.5b"]
    assert names[-1] == "sfm2:none"
    assert ai.models.retrieve("sfm2:none").owned_by == "sfm2"
    with pytest.raises(openai.NotFoundError) as caught:
        ai.models.retrieve("gpt-4")
    assert caught.value.code == "model_not_found"
    assert "sfm2, qwen2.5-coder-0.5b" in caught.value.message


def test_code_is_completed(ai: openai.OpenAI) -> None:
    answer = ai.completions.create(model="sfm2", prompt="total = 1\nprint(total) # echo: and so on", max_tokens=20)
    assert answer.object == "text_completion"
    assert answer.model == "sfm2"
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == (" and so on", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 3


def test_a_hole_is_filled_up_to_its_suffix(ai: openai.OpenAI) -> None:
    answer = ai.completions.create(
        model="sfm2", prompt="x = [1, # echo:2", suffix="]\n", extra_body={"language": "text"}
    )
    assert answer.choices[0].text == "2"


def test_many_prompts_and_many_choices_are_numbered_through(ai: openai.OpenAI) -> None:
    prompts = ["a b echo: one", "c d echo: two"]
    answer = ai.completions.create(model="sfm2", prompt=prompts, n=2, best_of=3, echo=True)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert [choice.text for choice in answer.choices] == [
        f"{prompts[i // 2]} {('one', 'two')[i // 2]}" for i in range(4)
    ]
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6, "those of the thrown away were made, too"
    assert answer.usage.prompt_tokens == 8, "each prompt counts once"


def test_a_stream_comes_in_pieces(ai: openai.OpenAI) -> None:
    options = ChatCompletionStreamOptionsParam(include_usage=True)
    with ai.completions.create(
        model="sfm2", prompt="echo: a b c", stream=True, stream_options=options, logprobs=1, n=2
    ) as stream:
        pieces = list(stream)
    *parts, usage = pieces
    for index in (0, 1):
        mine = [piece.choices[0] for piece in parts if piece.choices[0].index == index]
        assert "".join(choice.text for choice in mine) == " a b c"
        tokens = [token for choice in mine if choice.logprobs for token in choice.logprobs.tokens or []]
        assert tokens == [" a", " b", " c"]
        assert mine[-1].finish_reason == "stop"
    assert len({piece.id for piece in pieces}) == 1
    assert usage.choices == []
    assert usage.usage is not None
    assert usage.usage.completion_tokens == 6


def test_the_tokens_stand_where_the_text_has_them(ai: openai.OpenAI) -> None:
    choice = ai.completions.create(model="sfm2", prompt="echo: one two", logprobs=1).choices[0]
    assert choice.logprobs is not None
    assert choice.logprobs.tokens == [" one", " two"]
    assert choice.logprobs.token_logprobs == [-0.1, -0.1]
    assert choice.logprobs.text_offset == [0, 4]


def test_a_conversation_continues(ai: openai.OpenAI) -> None:
    answer = ai.chat.completions.create(
        model="sfm2",
        messages=[
            {"role": "developer", "content": "You are terse."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "echo:```py\n"}, {"type": "text", "text": "echo:x = ("}],
            },
        ],
        max_completion_tokens=20,
        n=2,
        logprobs=True,
    )
    assert [choice.message.content for choice in answer.choices] == ["x = ("] * 2, "nothing guards a conversation"
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(token.token for token in logprobs.content) == "x = ("


def test_a_conversation_counts_once_however_many_replies(ai: openai.OpenAI) -> None:
    def usage(n: int) -> openai.types.CompletionUsage:
        message = ChatCompletionUserMessageParam(role="user", content="echo:one two three")
        found = ai.chat.completions.create(model="sfm2", messages=[message], n=n).usage
        assert found is not None
        return found

    one, two = usage(1), usage(2)
    assert two.prompt_tokens == one.prompt_tokens
    assert two.completion_tokens == 2 * one.completion_tokens
    assert two.total_tokens == two.prompt_tokens + two.completion_tokens


def test_a_reply_streams(ai: openai.OpenAI) -> None:
    message = ChatCompletionUserMessageParam(role="user", content="echo:one two")
    with ai.chat.completions.create(
        model="", messages=[message], stream=True, stream_options={"include_usage": True}
    ) as stream:
        pieces = list(stream)
    assert pieces[0].choices[0].delta.role == "assistant"
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces[:-1]) == "one two"
    assert pieces[-2].choices[0].finish_reason == "stop"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.total_tokens == 4


def test_for_asyncio(base_url: str) -> None:
    async def ask() -> list[str]:
        async with openai.AsyncOpenAI(base_url=base_url, api_key="none") as ai:
            answers = await asyncio.gather(
                *(ai.completions.create(model="sfm2", prompt=f"echo: {i}") for i in range(5))
            )
        return [answer.choices[0].text for answer in answers]

    assert asyncio.run(ask()) == [f" {i}" for i in range(5)]


def test_its_errors_are_of_the_right_class(serving: Serving, tmp_path: Path) -> None:
    _, key = Keys(Store.in_folder(tmp_path)).create(rate="3/minute")
    with serving() as client:
        url = f"{client.base_url}/v1"
        with (
            openai.OpenAI(base_url=url, api_key="wrong", max_retries=0) as ai,
            pytest.raises(openai.AuthenticationError),
        ):
            ai.models.list()
        _, stats = Keys(Store.in_folder(tmp_path)).create(scopes=[KeyScope.STATS])
        with (
            openai.OpenAI(base_url=url, api_key=stats, max_retries=0) as ai,
            pytest.raises(openai.PermissionDeniedError, match="scope generate"),
        ):
            ai.models.list()
        with openai.OpenAI(base_url=url, api_key=key, max_retries=0) as ai:
            with pytest.raises(openai.BadRequestError) as wrong:
                ai.completions.create(model="sfm2", prompt="x", temperature=3)
            with pytest.raises(openai.NotFoundError):
                ai.completions.create(model="davinci", prompt="x")
            answer = ai.completions.with_raw_response.create(model="sfm2", prompt="x")
            with pytest.raises(openai.RateLimitError) as limited:
                ai.completions.create(model="sfm2", prompt="x")
    assert (wrong.value.param, wrong.value.code) == ("temperature", "invalid_request")
    assert answer.headers["x-ratelimit-limit-requests"] == "3"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert limited.value.response.headers["x-ratelimit-reset-requests"].endswith("s")
    assert 1 <= int(limited.value.response.headers["retry-after"]) <= 60
    assert limited.value.code == "rate_limit_exceeded"
