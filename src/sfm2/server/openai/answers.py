"""From our answers to OpenAI's. Pure, but for the clock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar
from uuid import uuid4

from sfm2.server.openai.schemas import (
    ChatAnswer,
    ChatChoice,
    ChatLogprob,
    ChatLogprobs,
    ChatMessage,
    CompletionAnswer,
    CompletionChoice,
    CompletionLogprobs,
    Particulars,
    Usage,
)
from sfm2.types import Choice, Completion, Reply, TokenLogprob, TokenUsage

Answer = TypeVar("Answer", Completion, Reply)


@dataclass(frozen=True)
class Head:
    """What all pieces of an answer have in common. `created` is a Unix time."""

    id: str
    created: int
    model: str

    @classmethod
    def new(cls, kind: str, model: str) -> Head:
        return cls(f"{kind}-{uuid4().hex}", int(time.time()), model)


def completion_answer(
    head: Head, answers: Sequence[Completion], n: int, echoed: Sequence[str] | None = None
) -> CompletionAnswer:
    """`n` choices of each; `echoed` are the prompts to be said again."""
    choices = [
        _completion_choice(number * n + i, one, answer, echoed[number] if echoed else "")
        for number, answer in enumerate(answers)
        for i, one in enumerate(_all(answer)[:n])
    ]
    usage = usage_of([one.tokens for answer in answers for one in _all(answer)], [one.tokens for one in answers])
    return CompletionAnswer(id=head.id, created=head.created, model=head.model, choices=choices, usage=usage)


def chat_answer(head: Head, replies: Sequence[Reply]) -> ChatAnswer:
    choices = [
        ChatChoice(
            index=i,
            message=ChatMessage(content=reply.text),
            logprobs=chat_logprobs(reply.logprobs),
            finish_reason=reply.finish_reason,
            sfm2=particulars_of(reply),
        )
        for i, reply in enumerate(replies)
    ]
    usage = usage_of([reply.tokens for reply in replies], [reply.tokens for reply in replies[:1]])
    return ChatAnswer(id=head.id, created=head.created, model=head.model, choices=choices, usage=usage)


def usage_of(made: Iterable[TokenUsage], read: Iterable[TokenUsage]) -> Usage:
    """Tokens of all completions, and of each prompt once."""
    completion, prompt = sum(one.completion for one in made), sum(one.prompt for one in read)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


def particulars_of(answer: Completion | Reply, choice: Choice | None = None) -> Particulars:
    """`choice`: another completion of the same prompt, which has an own confidence and guard."""
    common = {"model_used": answer.model_used, "adapter": answer.adapter, "fallback": answer.fallback}
    if isinstance(answer, Reply):
        return Particulars.model_validate(common)
    told = choice or answer
    own = {"confidence": told.confidence, "calibrated": answer.calibrated, "guard": told.guard}
    return Particulars.model_validate({**common, **own, "id": None if choice else answer.id})


def completion_logprobs(tokens: Sequence[TokenLogprob] | None, offset: int = 0) -> CompletionLogprobs | None:
    """`offset`: characters of the text before the first of them."""
    if tokens is None:
        return None
    return CompletionLogprobs(
        tokens=[token.text for token in tokens],
        token_logprobs=[token.logprob for token in tokens],
        text_offset=list(accumulate((len(token.text) for token in tokens), initial=offset))[:-1],
    )


def chat_logprobs(tokens: Sequence[TokenLogprob] | None) -> ChatLogprobs | None:
    if tokens is None:
        return None
    return ChatLogprobs(
        content=[
            ChatLogprob(token=token.text, logprob=token.logprob or 0.0, bytes=list(token.text.encode()))
            for token in tokens
        ]
    )


def emptied(answer: Answer) -> Answer:
    """For who asked for no token: the prompt has been read, and one token had to be made for that."""
    nothing = {
        "tokens": TokenUsage(prompt=answer.tokens.prompt),
        "finish_reason": "length",
        "logprobs": None if answer.logprobs is None else [],
    }
    if isinstance(answer, Completion):
        nothing |= {"completion": "", "alternatives": [], "features": None}
    else:
        nothing |= {"text": ""}
    return answer.model_copy(update=nothing)


def _all(answer: Completion) -> list[Completion | Choice]:
    return [answer, *answer.alternatives]


def _completion_choice(index: int, one: Completion | Choice, answer: Completion, echoed: str) -> CompletionChoice:
    return CompletionChoice(
        index=index,
        text=echoed + one.completion,
        logprobs=completion_logprobs(one.logprobs),
        finish_reason=one.finish_reason,
        sfm2=particulars_of(answer, one if isinstance(one, Choice) else None),
    )
