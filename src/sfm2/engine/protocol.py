"""The engine's requests and answers: a subset of llama.cpp's server, and enough of OpenAI's to stand behind it.

Field names are llama.cpp's (tools/server/README.md). Two of our own: `by_line` asks for the stream line by line rather
than token by token, which costs less, and `adapter` names a file; llama.cpp passes over both.
"""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sfm2.engine.pipeline import Delta, Sampling
from sfm2.engine.task import AdapterFile

ADAPTER_FAILED = "adapter_error"  # our type for an adapter that can't be loaded or does not work


class CompletionRequest(BaseModel):
    """`POST /completion`. `n_predict` -1 goes on to the end of the window."""

    model_config = ConfigDict(extra="ignore")

    prompt: str | list[int]
    n_predict: int = -1
    temperature: float = Field(0.8, ge=0)
    top_k: int = Field(40, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    repeat_penalty: float = Field(default=1.0, gt=0)
    seed: int = -1
    stop: list[str] = []
    stream: bool = False
    n_probs: int = 0
    by_line: bool = False
    adapter: AdapterFile | None = None

    def sampling(self, room: int) -> Sampling:
        """`room`: tokens that are left in the window."""
        return Sampling(
            max_tokens=room if self.n_predict < 0 else min(self.n_predict, room),
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            repetition_penalty=self.repeat_penalty,
            seed=None if self.seed < 0 else self.seed % 2**31,
            stop=tuple(self.stop),
        )


class OpenAIRequest(BaseModel):
    """`POST /v1/completions` and, with `messages`, `/v1/chat/completions`."""

    model_config = ConfigDict(extra="ignore")

    model: str = ""
    prompt: str = ""
    messages: list[dict[str, Any]] = []
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool = False
    logprobs: bool | int | None = None

    def completion(self, prompt: str) -> CompletionRequest:
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        length = self.max_completion_tokens or self.max_tokens
        return CompletionRequest(
            prompt=prompt,
            n_predict=-1 if length is None else length,
            temperature=self.temperature,
            top_k=0,
            top_p=self.top_p,
            seed=-1 if self.seed is None else self.seed,
            stop=stop,
            n_probs=1 if self.logprobs else 0,
        )


def error_body(status: int, kind: str, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": status, "type": kind, "message": message, **more}}


def completion_body(delta: Delta, names: list[bytes] | None, prompt_tokens: int, predicted: int) -> dict[str, Any]:
    """One event of `/completion`, or all of it. `names`: the text of each token, when probabilities are wanted."""
    body: dict[str, Any] = {
        "index": 0,
        "content": delta.text,
        "tokens": list(delta.tokens),
        "tokens_evaluated": prompt_tokens,
        "stop": delta.last,
    }
    if names is not None:
        body["completion_probabilities"] = [
            {"id": token, "token": name.decode("utf-8", "replace"), "bytes": list(name), "logprob": logprob}
            for token, name, logprob in zip(delta.tokens, names, delta.logprobs, strict=True)
        ]
    if delta.prompt_seconds is not None:
        body["timings"] = {"prompt_n": prompt_tokens, "prompt_ms": round(delta.prompt_seconds * 1000, 3)}
    if delta.last:
        body |= {"stop_type": delta.stop_type, "tokens_predicted": predicted, "truncated": False}
    return body


def openai_body(kind: str, model: str, choice: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"{'chatcmpl' if kind.startswith('chat') else 'cmpl'}-{time.monotonic_ns():x}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, **choice}],
        **more,
    }


def openai_logprobs(chat: bool, delta: Delta, names: list[str]) -> dict[str, Any]:
    if not chat:
        return {"tokens": names, "token_logprobs": list(delta.logprobs), "top_logprobs": None, "text_offset": []}
    pairs = zip(names, delta.logprobs, strict=True)
    return {"content": [{"token": n, "logprob": p, "bytes": list(n.encode()), "top_logprobs": []} for n, p in pairs]}


def openai_finish(delta: Delta) -> str | None:
    return {"limit": "length", None: None}.get(delta.stop_type, "stop")
