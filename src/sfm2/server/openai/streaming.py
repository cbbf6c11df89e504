"""OpenAI's streams: a `data:` event for each piece, then `[DONE]`. What goes wrong is an event with `error`, and the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from sfm2.errors import SFM2Error
from sfm2.server.event_stream import Sent
from sfm2.server.exchange import Exchange
from sfm2.server.openai import errors
from sfm2.server.openai.answers import Head, chat_logprobs, completion_logprobs, particulars_of, usage_of
from sfm2.server.openai.schemas import (
    ChatChunk,
    ChatChunkChoice,
    CompletionAnswer,
    CompletionChoice,
    Delta,
    Usage,
)
from sfm2.sse import Event
from sfm2.types import Chunk, Completion, Reply

_DONE = Sent(Event("[DONE]"), last=True)
Open = Callable[[], AsyncGenerator[Chunk | Completion, None]]
OpenChat = Callable[[], AsyncGenerator[Chunk | Reply, None]]


def failure(error: SFM2Error) -> Event:
    return Event(errors.json_of(error))


async def completion_events(
    head: Head, choices: Sequence[tuple[str, Open]], exchange: Exchange, with_usage: bool
) -> AsyncGenerator[Sent, None]:
    """One choice after the other; each is what is said before it (an echo), and what opens its stream."""

    def piece(choice: CompletionChoice) -> Sent:
        return _sent(CompletionAnswer(id=head.id, created=head.created, model=head.model, choices=[choice]))

    answers: list[Completion] = []
    for index, (echoed, open_stream) in enumerate(choices):
        offset = len(echoed)
        if echoed:
            yield piece(CompletionChoice(index=index, text=echoed))
        async with aclosing(open_stream()) as items:
            async for item in items:
                if isinstance(item, Completion):
                    answers.append(item)
                    end = {"finish_reason": item.finish_reason, "sfm2": particulars_of(item)}
                    yield piece(CompletionChoice(index=index, text="", **end))
                else:
                    logprobs = completion_logprobs(item.logprobs, offset)
                    offset += sum(len(token.text) for token in item.logprobs or ())
                    yield piece(CompletionChoice(index=index, text=item.text, logprobs=logprobs))
    exchange.answers = answers
    if with_usage:
        tokens = [answer.tokens for answer in answers]
        yield _sent(
            CompletionAnswer(
                id=head.id, created=head.created, model=head.model, choices=[], usage=usage_of(tokens, tokens)
            )
        )
    yield _DONE


async def chat_events(
    head: Head, choices: Sequence[OpenChat], exchange: Exchange, with_usage: bool
) -> AsyncGenerator[Sent, None]:
    """One reply after the other."""

    def chunk(*choice: ChatChunkChoice, usage: Usage | None = None) -> Sent:
        return _sent(ChatChunk(id=head.id, created=head.created, model=head.model, choices=list(choice), usage=usage))

    replies: list[Reply] = []
    for index, open_stream in enumerate(choices):
        begun = False
        async with aclosing(open_stream()) as items:
            async for item in items:
                if not begun:
                    yield chunk(ChatChunkChoice(index=index, delta=Delta(role="assistant", content="")))
                    begun = True
                if isinstance(item, Reply):
                    replies.append(item)
                    end = {"finish_reason": item.finish_reason, "sfm2": particulars_of(item)}
                    yield chunk(ChatChunkChoice(index=index, delta=Delta(), **end))
                else:
                    logprobs = chat_logprobs(item.logprobs)
                    yield chunk(ChatChunkChoice(index=index, delta=Delta(content=item.text), logprobs=logprobs))
    exchange.answers = replies
    if with_usage:
        tokens = [reply.tokens for reply in replies]
        yield chunk(usage=usage_of(tokens, tokens[:1]))
    yield _DONE


def _sent(piece: CompletionAnswer | ChatChunk) -> Sent:
    return Sent(Event(piece.model_dump_json()))
