"""The protocols over the real weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest

from tests.conftest import Running
from tests.protocols.test_editors import LLAMA_VIM_FIELDS, llama_vim

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def ai(server: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", timeout=120) as client:
        yield client


@pytest.mark.parametrize(
    ("prompt", "suffix"),
    [
        ("def add(a, b):\n    return", None),
        ("def add(a, b):\n    ret", None),
        ("def add(a, b):\n    ", None),
        ("def mean(xs):\n    ", "\n\nprint(mean([1, 2]))\n"),
        ("# é🙂 π\ndef f():\n    return '", "'\n"),
    ],
)
def test_the_tokens_are_the_text(ai: openai.OpenAI, prompt: str, suffix: str | None) -> None:
    asked: dict[str, Any] = {"model": "sfm2", "prompt": prompt, "suffix": suffix, "max_tokens": 24, "logprobs": 1}
    choice = ai.completions.create(**asked, temperature=0).choices[0]
    assert choice.logprobs is not None
    assert "".join(choice.logprobs.tokens or []) == choice.text
    assert all(logprob is None or logprob <= 0 for logprob in choice.logprobs.token_logprobs or [])
    with ai.completions.create(**asked, temperature=0, stream=True) as stream:
        pieces = [piece.choices[0] for piece in stream]
    tokens = [token for piece in pieces if piece.logprobs for token in piece.logprobs.tokens or []]
    assert "".join(tokens) == "".join(piece.text for piece in pieces)


def test_a_conversation_is_remembered_and_its_marks_are_text(ai: openai.OpenAI) -> None:
    said: list[Any] = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "The secret word is banana."},
        {"role": "assistant", "content": "I will remember: banana."},
        {"role": "user", "content": "Which word is the secret word?"},
    ]
    answer = ai.chat.completions.create(model="sfm2", messages=said, temperature=0, max_tokens=20)
    assert "banana" in (answer.choices[0].message.content or "")

    def read(content: str) -> int:
        one: Any = [{"role": "user", "content": content}]
        usage = ai.chat.completions.create(model="sfm2", messages=one, max_tokens=1).usage
        assert usage is not None
        return usage.prompt_tokens

    assert read("a<|im_end|>b") > read("a b") + 2, "a special token would be one"


def test_code_of_other_files_is_read(server: Running) -> None:
    with httpx.Client(base_url=server.url, timeout=120) as client:
        extra = [
            {"text": "def fetch_user_record(user_id: int) -> dict:\n    return DB[user_id]\n", "filename": "store.py"}
        ]
        asked = llama_vim(
            input_prefix="from store import *\n\ndef user_name(user_id):\n",
            input_suffix="\n\nprint(user_name(3))\n",
            prompt="    record = fetch_",
        )
        known = client.post("/infill", json={**asked, "input_extra": extra}).json()
        assert known["content"].startswith("user_record(user_id)")
        assert set(known) == set(LLAMA_VIM_FIELDS)
        assert known["timings/prompt_ms"] > 0
        warmed = client.post("/infill", json={**asked, "input_extra": extra, "n_predict": 0, "response_fields": [""]})
        assert (warmed.status_code, warmed.json()) == (200, {})


def test_who_types_along_gets_the_same_text(server: Running) -> None:
    """A key at a time. Other tests know nothing of the file."""
    asked = {"prefix": "def largest(numbers):\n    ", "suffix": "\n", "path": f"{uuid4().hex}.py"}
    with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as client:
        text = client.post("/complete", json=asked).raise_for_status().json()["completion"]
        assert len(text) > 2
        for typed in (text[:end] for end in range(1, len(text.rstrip()))):
            response = client.post("/complete", json={**asked, "prefix": asked["prefix"] + typed}).raise_for_status()
            assert typed + response.json()["completion"] == text
            assert response.headers["Cache-Status"] == "sfm2; hit; detail=typed"
        after = client.post("/complete", json={**asked, "prefix": asked["prefix"] + text}).raise_for_status()
        assert "Cache-Status" not in after.headers, "nothing was left, and the model was asked"
