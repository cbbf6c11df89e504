"""What editors send, field by field, as their sources have it; read in autumn 2026. Their programs are on no registry.

ggml-org/llama.vim `autoload/llama.vim`, ggml-org/llama.vscode `src/llama-server.ts`, continuedev/continue
`core/llm/llms/OpenAI.ts` and `core/autocomplete/templating`, Aider-AI/aider `aider/models.py`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from sfm2.config import Settings
from sfm2.core.resolve import resolve_completion
from sfm2.generation import Excerpt
from sfm2.server.protocols.llama_cpp.schemas import InfillBody
from sfm2.server.protocols.llama_cpp.to_internal import complete_request
from sfm2.sse import Decoder
from sfm2.types import Mode
from tests.protocols.listening import Listening
from tests.server.live import Serving

LLAMA_VIM_FIELDS = [
    "content",
    *(f"timings/prompt_{what}" for what in ("n", "ms", "per_token_ms", "per_second")),
    *(f"timings/predicted_{what}" for what in ("n", "ms", "per_token_ms", "per_second")),
    "truncated",
    "tokens_cached",
]


def llama_vim(**more: Any) -> dict[str, Any]:
    """The cursor is after a comment in a function."""
    return {
        "id_slot": 0,
        "input_prefix": "def area(r):\n    pi = PI\n",
        "input_suffix": "\n\nprint(area(2))\n",
        "input_extra": [{"text": "PI = 3.14\n", "time": [12, 345678], "filename": "pi.py"}],
        "prompt": "    # echo: circle",
        "n_predict": 128,
        "stop": [],
        "n_indent": 4,
        "top_k": 40,
        "top_p": 0.90,
        "samplers": ["top_k", "top_p", "infill"],
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": 500,
        "t_max_predict_ms": 1000,
        "response_fields": LLAMA_VIM_FIELDS,
        **more,
    }


WARMING = {
    "input_prefix": "",
    "input_suffix": "",
    "prompt": "",
    "n_predict": 0,
    "temperature": 0.0,
    "samplers": [],
    "t_max_prompt_ms": 1,
    "t_max_predict_ms": 1,
    "response_fields": [""],
}


def test_llama_vim_completes(serving: Serving) -> None:
    backend = Listening()
    with serving(backends=[backend]) as client:
        response = client.post("/infill", json=llama_vim())
    assert re.match(r"^\s*{", response.text)
    assert re.search(r'"content"\s*:"', response.text), "it looks for this before it decodes"
    answer = response.json()
    assert answer["content"] == " circle"
    assert (answer["truncated"], answer["tokens_cached"]) == (False, 0)
    (request,) = backend.asked
    assert (request.prefix, request.suffix) == ("def area(r):\n    pi = PI\n    # echo: circle", "\n\nprint(area(2))\n")
    assert request.context == (), "other files are for a second look"
    sampling = request.sampling
    assert (sampling.max_length, sampling.top_k, sampling.top_p) == (128, 40, 0.9)
    assert request.truncate, "an editor sends more than a window holds"


def test_llama_vims_completion_is_a_block_within_its_time() -> None:
    settings = Settings()
    resolved = resolve_completion(complete_request(InfillBody.model_validate(llama_vim()), settings, None), settings)
    assert resolved.request.context == (Excerpt("PI = 3.14\n", "pi.py"),)
    assert (resolved.policy.mode, resolved.policy.time_limit, resolved.policy.guard) == (Mode.BLOCK, 1.0, True)


def test_llama_vim_gets_the_times_that_are_known(serving: Serving) -> None:
    with serving(backends=[Listening(prompt_seconds=0.25)]) as client:
        answer = client.post("/infill", json=llama_vim()).json()
    assert answer["timings/prompt_ms"] == 250
    assert set(LLAMA_VIM_FIELDS) == set(answer), "under their whole paths"
    with serving() as client:
        assert "timings/prompt_ms" not in client.post("/infill", json=llama_vim()).json()


def test_llama_vim_warms_the_cache(serving: Serving) -> None:
    backend = Listening()
    with serving(backends=[backend]) as client:
        response = client.post("/infill", json=llama_vim(**WARMING))
        whole = client.post("/infill", json=llama_vim(**{**WARMING, "response_fields": None})).json()
    assert (response.status_code, response.json()) == (200, {})
    assert (whole["content"], whole["tokens_predicted"], whole["stop"]) == ("", 0, True)
    assert backend.asked[0].sampling.max_length == 1, "the least that makes an engine read the prompt"
    assert backend.asked[0].context == (), "as it is asked first"


def test_llama_vim_on_a_line_of_spaces(serving: Serving) -> None:
    """It sends the line as empty, and takes the indentation with the answer."""
    with serving(backends=[Listening("    return r * r\n\nprint(1)\n")]) as client:
        answer = client.post("/infill", json=llama_vim(prompt="", n_indent=0)).json()
    assert answer["content"] == "    return r * r", "and nothing below the block"


def test_llama_vscode_completes_and_streams_nothing(client: httpx.Client) -> None:
    asked = {**llama_vim(), "stream": False}
    for name in ("id_slot", "response_fields", "stop"):
        del asked[name]
    answer = client.post("/infill", json=asked).json()
    assert answer["content"] == " circle"
    assert answer["stop"] is True
    assert answer["stop_type"] == "eos"
    assert answer["tokens_predicted"] == 1


def test_llama_vscode_edits_by_chat(client: httpx.Client) -> None:
    """Its sampling is llama.cpp's; -1 is as many tokens as there are."""
    asked = {
        "messages": [
            {"role": "system", "content": "You are an expert coder."},
            {"role": "user", "content": "Modify the code.\n\nechoes: echo:x = 2"},
        ],
        "stream": False,
        "cache_prompt": True,
        "samplers": "edkypmxt",
        "temperature": 0.8,
        "dynatemp_range": 0,
        "dynatemp_exponent": 1,
        "top_k": 40,
        "top_p": 0.95,
        "min_p": 0.05,
        "typical_p": 1,
        "xtc_probability": 0,
        "repeat_penalty": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "dry_multiplier": 0,
        "max_tokens": -1,
        "timings_per_token": False,
    }
    answer = client.post("/v1/chat/completions", json=asked).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "x = 2"}


def test_infill_streams_for_who_asks(client: httpx.Client) -> None:
    response = client.post("/infill", json=llama_vim(input_prefix="", input_suffix="", prompt="echo: a b", stream=True))
    events = [json.loads(event.data) for event in Decoder().feed(response.content)]
    assert "".join(event["content"] for event in events) == " a b"
    assert [event["stop"] for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1]["tokens_predicted"] == 2


CONTINUE_STOPS = [
    *("<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>"),
    *("<|file_sep|>", "<|im_start|>", "<|im_end|>", "/src/", "#- coding: utf-8", "```"),
    *(f"\n{word}" for word in ("function", "class", "module", "export", "import", "interface", "type", "enum")),
]


@pytest.mark.parametrize("stop", [CONTINUE_STOPS, None])
def test_continue_completes_with_a_prompt_of_its_own(serving: Serving, stop: list[str] | None) -> None:
    backend = Listening("1, 2")
    asked = {
        "model": "qwen2.5-coder-0.5b",
        "max_tokens": 4096,
        "temperature": 0.01,
        "stream": True,
        "stop": stop,
        "prompt": "<|fim_prefix|>numbers = [<|fim_suffix|>]\nprint(numbers)\n<|fim_middle|>",
    }
    with serving(backends=[backend]) as client:
        response = client.post("/v1/completions", json=asked, headers={"api-key": "x", "Authorization": "Bearer x"})
    *pieces, done = [event.data for event in Decoder().feed(response.content)]
    assert done == "[DONE]"
    assert "".join(json.loads(piece)["choices"][0]["text"] for piece in pieces) == "1, 2"
    (request,) = backend.asked
    assert (request.prefix, request.suffix) == ("numbers = [", "]\nprint(numbers)\n")
    assert request.sampling.max_length == 2048, "as many as the server gives"


def test_continue_chats(client: httpx.Client) -> None:
    asked = {
        "messages": [{"role": "system", "content": " "}, {"role": "user", "content": "echo:hi"}],
        "model": "qwen2.5-coder-0.5b",
        "max_tokens": 4096,
        "stream": True,
    }
    events = [event.data for event in Decoder().feed(client.post("/v1/chat/completions", json=asked).content)]
    deltas = [json.loads(event)["choices"][0]["delta"] for event in events[:-1]]
    assert deltas == [{"role": "assistant", "content": ""}, {"content": "hi"}, {}], "null would be taken for text"


def test_aider_edits_in_a_long_conversation(serving: Serving) -> None:
    backend = Listening("calc.py\n```\nx = (\n```")
    said = [("system", "Act as an expert."), ("user", "code"), ("assistant", "Ok."), ("user", "Add a docstring.")]
    asked = {
        "model": "sfm2",
        "messages": [{"role": role, "content": text} for role, text in said],
        "stream": True,
        "temperature": 0,
        "extra_headers": {},
    }
    with serving(backends=[backend]) as client:
        response = client.post("/v1/chat/completions", json=asked)
    *events, done = [event.data for event in Decoder().feed(response.content)]
    assert done == "[DONE]"
    text = "".join(json.loads(event)["choices"][0]["delta"].get("content", "") for event in events)
    assert text == "calc.py\n```\nx = (\n```", "as the model said it: nothing is cut or closed"
    (request,) = backend.asked
    assert [(one.role, one.content) for one in request.messages] == said
    assert request.sampling.max_length == 2048, "as long as it likes"
