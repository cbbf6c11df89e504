"""From `/infill`'s request to ours, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from sfm2.config import Settings
from sfm2.errors import SFM2Error
from sfm2.requests import build
from sfm2.server.event_stream import Sent
from sfm2.server.exchange import Exchange
from sfm2.server.llama_cpp import errors
from sfm2.server.llama_cpp.schemas import InfillAnswer, InfillBody, Timings
from sfm2.server.problems import FieldError
from sfm2.sse import Event
from sfm2.types import Chunk, CompleteRequest, Completion, GuardReason, Snippet


def complete_request(body: InfillBody, settings: Settings, adapter: str | None) -> CompleteRequest:
    """Raises `InvalidRequestError` classes."""
    if body.lora:
        raise FieldError("lora", "lora: adapters have names here", suggestion="Name one as `model`: sfm2:ADAPTER")
    most = settings.generation.max_length
    limit = body.t_max_predict_ms or 0
    return build(
        CompleteRequest,
        {
            "prefix": body.input_prefix + body.prompt,
            "suffix": body.input_suffix,
            "context": [Snippet(text=one.text, path=one.filename) for one in body.input_extra if one.text.strip()],
            "max_length": None if body.n_predict < 0 else max(1, min(body.n_predict, most)),
            "time_limit": limit / 1000 if limit > 0 and body.n_predict != 0 else None,
            "temperature": 0.0 if body.top_p == 0 else body.temperature,
            "top_k": None if body.top_k is None else min(1000, max(0, body.top_k)),
            "top_p": body.top_p or None,
            "repetition_penalty": body.repeat_penalty,
            "seed": None if body.seed is None or body.seed < 0 else body.seed % 2**63,
            "stop": [text for text in body.stop or () if text],
            "adapter": adapter,
            # Who warms the cache up wants the prompt read and nothing of what follows.
            "guard": False if body.n_predict == 0 else None,
        },
    )


def answer_of(completion: Completion, model: str, warming: bool = False) -> InfillAnswer:
    """`warming`: nothing was asked for, and the one token that had to be made for it is left out."""
    made = 0 if warming else completion.tokens.completion
    return InfillAnswer(
        content="" if warming else completion.completion,
        stop_type=_stop_type(completion),
        model=model,
        tokens_predicted=made,
        tokens_evaluated=completion.tokens.prompt,
        timings=timings_of(completion, made),
    )


def timings_of(completion: Completion, made: int) -> Timings | None:
    if completion.prompt_time is None:
        return None
    prompt = completion.prompt_time
    writing = max(0.0, completion.processing_time - prompt)
    read = completion.tokens.prompt
    return Timings(
        prompt_n=read,
        prompt_ms=prompt * 1000,
        prompt_per_token_ms=_ratio(prompt * 1000, read),
        prompt_per_second=_ratio(read, prompt),
        predicted_n=made,
        predicted_ms=writing * 1000,
        predicted_per_token_ms=_ratio(writing * 1000, made),
        predicted_per_second=_ratio(made, writing),
    )


def json_of(answer: InfillAnswer, fields: Sequence[str] | None) -> str:
    """Compact: llama.vim looks for `"content":"`. With `fields`, those alone, each under its whole path."""
    whole = answer.model_dump(exclude_none=True)
    chosen = whole if fields is None else _chosen(whole, fields)
    return json.dumps(chosen, separators=(",", ":"), ensure_ascii=False)


async def events(
    items: AsyncGenerator[Chunk | Completion, None], exchange: Exchange, model: str
) -> AsyncGenerator[Sent, None]:
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Completion):
                exchange.answered(item)
                last = answer_of(item, model).model_copy(update={"content": ""})
                yield Sent(Event(json_of(last, None)), last=True)
            else:
                yield Sent(Event(json_of(InfillAnswer(content=item.text, stop=False, model=model), None)))


def failure(error: SFM2Error) -> Event:
    return Event(errors.json_of(error))


def _chosen(whole: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    found = {}
    for path in fields:
        value: Any = whole
        for step in path.split("/"):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            found[path] = value
    return found


def _stop_type(completion: Completion) -> str:
    if completion.finish_reason == "length":
        return "limit"
    return "word" if GuardReason.STOP_TEXT in completion.guard.reasons else "eos"


def _ratio(value: float, by: float) -> float:
    return round(value / by, 3) if by else 0.0
