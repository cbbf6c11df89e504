"""Our answers as `/infill`'s. Pure."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from sfm2.server.http.context import RequestContext
from sfm2.server.http.event_stream import StreamEvent
from sfm2.server.protocols.llama_cpp.schemas import InfillAnswer, Timings
from sfm2.sse import Event
from sfm2.types import Chunk, Completion, GuardReason


def infill_answer(completion: Completion, model: str, only_reads: bool = False) -> InfillAnswer:
    """The whole answer. With `only_reads`, without the one token that had to be written to read the prompt."""
    written = 0 if only_reads else completion.tokens.completion
    return InfillAnswer(
        content="" if only_reads else completion.completion,
        stop_type=_stop_type(completion),
        model=model,
        tokens_predicted=written,
        tokens_evaluated=completion.tokens.prompt,
        timings=_timings(completion, written),
    )


def json_of(answer: InfillAnswer, fields: Sequence[str] | None) -> str:
    """Compact JSON, because llama.vim searches for `"content":"`. With `fields`, only these, each under its whole path."""
    whole = answer.model_dump(exclude_none=True)
    chosen = whole if fields is None else _select(whole, fields)
    return json.dumps(chosen, separators=(",", ":"), ensure_ascii=False)


async def infill_events(
    items: AsyncGenerator[Chunk | Completion, None], context: RequestContext, model: str
) -> AsyncGenerator[StreamEvent, None]:
    """An event for each chunk, and a last one with everything but the text."""
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Completion):
                context.record(item)
                last = infill_answer(item, model).model_copy(update={"content": ""})
                yield StreamEvent(Event(json_of(last, None)), last=True)
            else:
                yield StreamEvent(Event(json_of(InfillAnswer(content=item.text, stop=False, model=model), None)))


def _timings(completion: Completion, written: int) -> Timings | None:
    if completion.prompt_time is None:
        return None
    reading = completion.prompt_time
    writing = max(0.0, completion.processing_time - reading)
    read = completion.tokens.prompt
    return Timings(
        prompt_n=read,
        prompt_ms=reading * 1000,
        prompt_per_token_ms=_ratio(reading * 1000, read),
        prompt_per_second=_ratio(read, reading),
        predicted_n=written,
        predicted_ms=writing * 1000,
        predicted_per_token_ms=_ratio(writing * 1000, written),
        predicted_per_second=_ratio(written, writing),
    )


def _select(whole: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    found = {}
    for path in fields:
        value: Any = whole
        for step in path.split("/"):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            found[path] = value
    return found


def _stop_type(completion: Completion) -> str:
    if completion.finish_reason != "stop":
        return "limit"
    return "word" if GuardReason.STOP_TEXT in completion.guard.reasons else "eos"


def _ratio(value: float, by: float) -> float:
    return round(value / by, 3) if by else 0.0
