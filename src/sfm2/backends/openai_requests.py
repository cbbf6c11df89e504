"""What is asked of an OpenAI-compatible server, and what its stream says. Pure.

Not sent, because the protocol has no such field: `top_k`, `repetition_penalty`, and stop texts after the fourth. The core
cuts at every stop text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sfm2.backends.base import Ask

T = TypeVar("T")
MOST_STOPS = 4
CURSOR = "<CURSOR>"
_UNSUPPORTED = ("unsupported_parameter", "unsupported_value")
# Servers that refuse what they don't know without naming it mostly mean one of these.
_EXTRAS = frozenset({"logprobs", "seed", "stream_options"})
_DISPENSABLE = frozenset({"max_tokens", "temperature", "top_p", "stop"})


def chat_request(ask: Ask, model: str) -> dict[str, Any]:
    """A question is sent with its stop texts; code without: they may stand in the fence or in the repeated line."""
    if ask.kind == "chat":
        return {"messages": [turn.model_dump() for turn in ask.turns], **_common(ask, model), **_stop(ask)}
    return {"messages": _code_messages(ask), "logprobs": True, **_common(ask, model)}


def completions_request(ask: Ask, model: str) -> dict[str, Any]:
    suffix = {"suffix": ask.suffix} if ask.suffix else {}
    return {"prompt": ask.prefix, **suffix, "logprobs": 1, **_common(ask, model), **_stop(ask)}


def _common(ask: Ask, model: str) -> dict[str, Any]:
    seed = {} if ask.seed is None else {"seed": ask.seed}
    return {
        "model": model,
        "max_tokens": ask.max_length,
        "temperature": ask.temperature,
        "top_p": ask.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
        **seed,
    }


def _stop(ask: Ask) -> dict[str, Any]:
    return {"stop": list(ask.stop[:MOST_STOPS])} if ask.stop else {}


def _code_messages(ask: Ask) -> list[dict[str, str]]:
    task = f"You complete {ask.language or 'code'}. Write what comes next."
    text = ask.prefix
    if ask.suffix:
        task = f"You complete {ask.language or 'code'}. Write what belongs in place of {CURSOR}, and nothing behind it."
        text = f"{ask.prefix}{CURSOR}{ask.suffix}"
    form = "Reply with the text alone." if is_markdown(ask) else "Reply with one fenced code block and nothing else."
    if ask.prefix and not ask.prefix.endswith("\n"):
        form += " Begin it with the line you go on from, exactly as it stands."
    return [{"role": "system", "content": f"{task} {form}"}, {"role": "user", "content": text}]


def is_markdown(ask: Ask) -> bool:
    """Whether fences are part of the text itself."""
    return ask.language == "markdown"


@dataclass(frozen=True)
class Dialect:
    """Which of our fields a server does not take; learned from its refusals."""

    dropped: frozenset[str] = frozenset()

    def request(self, full: Mapping[str, Any]) -> dict[str, Any]:
        request = {name: value for name, value in full.items() if name not in self.dropped}
        if "max_tokens" in self.dropped:
            request["max_completion_tokens"] = full["max_tokens"]
        return request

    def after(self, refused: Mapping[str, Any], code: str | None, param: str | None) -> Dialect | None:
        """The dialect to try after a refusal, or None when there is nothing left to leave out."""
        name = param.split(".")[0] if param else None
        extras = _EXTRAS & refused.keys()
        if name is None:
            return Dialect(self.dropped | extras) if extras else None
        if name in extras or (name in _DISPENSABLE & refused.keys() and code in _UNSUPPORTED):
            return Dialect(self.dropped | {name})
        return None


@dataclass(frozen=True)
class Delta:
    """One event of the stream. `prompt_tokens` and `completion_tokens` come with the last one, if at all."""

    text: str = ""
    logprobs: tuple[float, ...] = ()
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def finish_reason(self) -> Literal["stop", "length"] | None:
        return None if self.finish is None else "length" if self.finish == "length" else "stop"


def read_chat(event: Mapping[str, Any]) -> Delta:
    entries = _at(event, "choices", 0, "logprobs", "content", kind=list) or []
    logprobs = [entry.get("logprob") for entry in entries if isinstance(entry, dict)]
    return _delta(event, _at(event, "choices", 0, "delta", "content", kind=str), logprobs)


def read_completions(event: Mapping[str, Any]) -> Delta:
    logprobs = _at(event, "choices", 0, "logprobs", "token_logprobs", kind=list) or []
    return _delta(event, _at(event, "choices", 0, "text", kind=str), logprobs)


def _delta(event: Mapping[str, Any], text: str | None, logprobs: Iterable[Any]) -> Delta:
    return Delta(
        text=text or "",
        logprobs=tuple(float(value) for value in logprobs if isinstance(value, int | float)),
        finish=_at(event, "choices", 0, "finish_reason", kind=str),
        prompt_tokens=_at(event, "usage", "prompt_tokens", kind=int),
        completion_tokens=_at(event, "usage", "completion_tokens", kind=int),
    )


def _at(value: Any, *path: str | int, kind: type[T]) -> T | None:
    """What stands at `path`, or None when a foreign server put something else there."""
    for step in path:
        fits = isinstance(value, dict if isinstance(step, str) else list)
        if not fits or (isinstance(step, int) and step >= len(value)):
            return None
        value = value.get(step) if isinstance(step, str) else value[step]
    return value if isinstance(value, kind) else None
