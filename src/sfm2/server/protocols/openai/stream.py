"""OpenAI's streams: a `data:` event for each chunk, then `[DONE]`. A stream that fails ends with an event with `error`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeAlias

from sfm2.server.http.context import RequestContext
from sfm2.server.http.event_stream import StreamEvent
from sfm2.server.protocols.openai.from_internal import (
    AnswerHead,
    chat_logprobs,
    completion_logprobs,
    end_reason,
    sfm2_extension,
    usage_of,
)
from sfm2.server.protocols.openai.schemas import (
    ChatChunk,
    ChatChunkChoice,
    ChatDelta,
    CompletionAnswer,
    CompletionChoice,
    Usage,
)
from sfm2.sse import Event
from sfm2.types import Chunk, Completion, Reply

_DONE = StreamEvent(Event("[DONE]"), last=True)
OpenCompletion: TypeAlias = Callable[[], AsyncGenerator[Chunk | Completion, None]]
OpenReply: TypeAlias = Callable[[], AsyncGenerator[Chunk | Reply, None]]


async def completion_events(
    head: AnswerHead, choices: Sequence[tuple[str, OpenCompletion]], context: RequestContext, include_usage: bool
) -> AsyncGenerator[StreamEvent, None]:
    """The events of all choices, one choice after the other. Each has the text to echo, and what opens its stream."""

    def chunk(*choice: CompletionChoice, usage: Usage | None = None) -> StreamEvent:
        return _event(
            CompletionAnswer(id=head.id, created=head.created, model=head.model, choices=list(choice), usage=usage)
        )

    answers: list[Completion] = []
    for index, (echoed, open_stream) in enumerate(choices):
        offset = len(echoed)
        if echoed:
            yield chunk(CompletionChoice(index=index, text=echoed))
        async with aclosing(open_stream()) as items:
            async for item in items:
                if isinstance(item, Completion):
                    answers.append(item)
                    end = {"finish_reason": end_reason(item), "sfm2": sfm2_extension(item)}
                    yield chunk(CompletionChoice(index=index, text="", **end))
                else:
                    logprobs = completion_logprobs(item.logprobs, offset)
                    offset += sum(len(token.text) for token in item.logprobs or ())
                    yield chunk(CompletionChoice(index=index, text=item.text, logprobs=logprobs))
    context.answers = answers
    if include_usage:
        tokens = [answer.tokens for answer in answers]
        yield chunk(usage=usage_of(tokens, tokens))
    yield _DONE


async def chat_events(
    head: AnswerHead, choices: Sequence[OpenReply], context: RequestContext, include_usage: bool
) -> AsyncGenerator[StreamEvent, None]:
    """The events of all replies, one reply after the other."""

    def chunk(*choice: ChatChunkChoice, usage: Usage | None = None) -> StreamEvent:
        return _event(ChatChunk(id=head.id, created=head.created, model=head.model, choices=list(choice), usage=usage))

    replies: list[Reply] = []
    for index, open_stream in enumerate(choices):
        begun = False
        async with aclosing(open_stream()) as items:
            async for item in items:
                if not begun:
                    yield chunk(ChatChunkChoice(index=index, delta=ChatDelta(role="assistant", content="")))
                    begun = True
                if isinstance(item, Reply):
                    replies.append(item)
                    end = {"finish_reason": end_reason(item), "sfm2": sfm2_extension(item)}
                    yield chunk(ChatChunkChoice(index=index, delta=ChatDelta(), **end))
                else:
                    logprobs = chat_logprobs(item.logprobs)
                    yield chunk(ChatChunkChoice(index=index, delta=ChatDelta(content=item.text), logprobs=logprobs))
    context.answers = replies
    if include_usage:
        tokens = [reply.tokens for reply in replies]
        yield chunk(usage=usage_of(tokens, tokens[:1]))
    yield _DONE


def _event(chunk: CompletionAnswer | ChatChunk) -> StreamEvent:
    return StreamEvent(Event(chunk.model_dump_json()))
