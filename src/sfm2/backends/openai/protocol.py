"""Requests to an OpenAI-compatible server, and the events of its streams. Pure.

Not sent, because the protocol has no such field: `top_k`, `repetition_penalty`, and stop texts after the fourth. The core
cuts at every stop text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sfm2.generation import GenerationRequest

T = TypeVar("T")
MOST_STOPS = 4
CURSOR = "<CURSOR>"
_UNSUPPORTED = ("unsupported_parameter", "unsupported_value")
# Servers that refuse what they don't know without naming it mostly mean one of these.
_EXTRAS = frozenset({"logprobs", "seed", "stream_options"})
_DISPENSABLE = frozenset({"max_tokens", "temperature", "top_p", "stop"})


def chat_request(request: GenerationRequest, model: str) -> dict[str, Any]:
    """The body of `/v1/chat/completions`.

    Conversations are sent with their stop texts, code without: these may occur in the fence or in the repeated line.
    """
    if request.is_chat:
        return {"messages": [one.model_dump() for one in request.messages], **_common(request, model), **_stop(request)}
    return {"messages": _code_messages(request), "logprobs": True, **_common(request, model)}


def completions_request(request: GenerationRequest, model: str) -> dict[str, Any]:
    """The body of `/v1/completions`."""
    suffix = {"suffix": request.suffix} if request.suffix else {}
    return {"prompt": request.prefix, **suffix, "logprobs": 1, **_common(request, model), **_stop(request)}


def _common(request: GenerationRequest, model: str) -> dict[str, Any]:
    seed = {} if request.sampling.seed is None else {"seed": request.sampling.seed}
    return {
        "model": model,
        "max_tokens": request.sampling.max_length,
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
        **seed,
    }


def _stop(request: GenerationRequest) -> dict[str, Any]:
    return {"stop": list(request.sampling.stop[:MOST_STOPS])} if request.sampling.stop else {}


def _code_messages(request: GenerationRequest) -> list[dict[str, str]]:
    task = f"You complete {request.language or 'code'}. Write what comes next."
    text = request.prefix
    if request.suffix:
        task = f"You complete {request.language or 'code'}. Write what belongs in place of {CURSOR}, and nothing behind it."
        text = f"{request.prefix}{CURSOR}{request.suffix}"
    form = (
        "Reply with the text alone." if is_markdown(request) else "Reply with one fenced code block and nothing else."
    )
    if request.prefix and not request.prefix.endswith("\n"):
        form += " Begin it with the line you go on from, exactly as it stands."
    return [{"role": "system", "content": f"{task} {form}"}, {"role": "user", "content": text}]


def is_markdown(request: GenerationRequest) -> bool:
    """Whether the completion is Markdown, so that fences belong to it."""
    return request.language == "markdown"


@dataclass(frozen=True)
class RefusedFields:
    """The request fields that a server does not accept, learned from its refusals."""

    dropped: frozenset[str] = frozenset()

    def without(self, full: Mapping[str, Any]) -> dict[str, Any]:
        """`full` without the refused fields, and with `max_completion_tokens` where `max_tokens` was one."""
        kept = {name: value for name, value in full.items() if name not in self.dropped}
        if "max_tokens" in self.dropped:
            kept["max_completion_tokens"] = full["max_tokens"]
        return kept

    def after(self, refused: Mapping[str, Any], code: str | None, param: str | None) -> RefusedFields | None:
        """What to leave out after a refusal; None when there is nothing left to leave out."""
        name = param.split(".")[0] if param else None
        extras = _EXTRAS & refused.keys()
        if name is None:
            return RefusedFields(self.dropped | extras) if extras else None
        if name in extras or (name in _DISPENSABLE & refused.keys() and code in _UNSUPPORTED):
            return RefusedFields(self.dropped | {name})
        return None


@dataclass(frozen=True)
class ServerDelta:
    """One event of the stream. `prompt_tokens` and `completion_tokens` come with the last one, if at all."""

    text: str = ""
    logprobs: tuple[float, ...] = ()
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def finish_reason(self) -> Literal["stop", "length"] | None:
        """Why the stream ended; None before its end."""
        return None if self.finish is None else "length" if self.finish == "length" else "stop"


def read_chat(event: Mapping[str, Any]) -> ServerDelta:
    """One event of a chat stream."""
    entries = _at(event, "choices", 0, "logprobs", "content", kind=list) or []
    logprobs = [entry.get("logprob") for entry in entries if isinstance(entry, dict)]
    return _delta(event, _at(event, "choices", 0, "delta", "content", kind=str), logprobs)


def read_completions(event: Mapping[str, Any]) -> ServerDelta:
    """One event of a completions stream."""
    logprobs = _at(event, "choices", 0, "logprobs", "token_logprobs", kind=list) or []
    return _delta(event, _at(event, "choices", 0, "text", kind=str), logprobs)


def _delta(event: Mapping[str, Any], text: str | None, logprobs: Iterable[Any]) -> ServerDelta:
    return ServerDelta(
        text=text or "",
        logprobs=tuple(float(value) for value in logprobs if isinstance(value, int | float)),
        finish=_at(event, "choices", 0, "finish_reason", kind=str),
        prompt_tokens=_at(event, "usage", "prompt_tokens", kind=int),
        completion_tokens=_at(event, "usage", "completion_tokens", kind=int),
    )


def _at(value: Any, *path: str | int, kind: type[T]) -> T | None:
    """The value at `path`, or None when the server sent something else there."""
    for step in path:
        fits = isinstance(value, dict if isinstance(step, str) else list)
        if not fits or (isinstance(step, int) and step >= len(value)):
            return None
        value = value.get(step) if isinstance(step, str) else value[step]
    return value if isinstance(value, kind) else None
