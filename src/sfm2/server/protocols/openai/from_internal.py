"""Our answers as OpenAI's. Pure, except that `AnswerHead.new` reads the clock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar
from uuid import uuid4

from sfm2.server.protocols.openai.schemas import (
    ChatAnswer,
    ChatChoice,
    ChatLogprob,
    ChatLogprobs,
    ChatMessage,
    CompletionAnswer,
    CompletionChoice,
    CompletionLogprobs,
    EndReason,
    Particulars,
    Usage,
)
from sfm2.types import Choice, Completion, Reply, TokenLogprob, TokenUsage

Answer = TypeVar("Answer", Completion, Reply)


@dataclass(frozen=True)
class AnswerHead:
    """What all chunks of an answer have in common."""

    id: str
    created: int
    """Unix time"""
    model: str

    @classmethod
    def new(cls, kind: str, model: str) -> AnswerHead:
        """A head with a random id, made now. `kind` is OpenAI's prefix of the id."""
        return cls(f"{kind}-{uuid4().hex}", int(time.time()), model)


def completion_answer(
    head: AnswerHead, answers: Sequence[Completion], n: int, echoed: Sequence[str] | None = None
) -> CompletionAnswer:
    """`n` choices for each answer. `echoed` are the prompts to repeat before them, one for each answer."""
    choices = [
        _completion_choice(number * n + i, choice, answer, echoed[number] if echoed else "")
        for number, answer in enumerate(answers)
        for i, choice in enumerate(_all(answer)[:n])
    ]
    usage = usage_of(
        written=[choice.tokens for answer in answers for choice in _all(answer)],
        read=[answer.tokens for answer in answers],
    )
    return CompletionAnswer(id=head.id, created=head.created, model=head.model, choices=choices, usage=usage)


def chat_answer(head: AnswerHead, replies: Sequence[Reply]) -> ChatAnswer:
    """A choice for each reply to one conversation."""
    choices = [
        ChatChoice(
            index=i,
            message=ChatMessage(content=reply.text),
            logprobs=chat_logprobs(reply.logprobs),
            finish_reason=end_reason(reply),
            sfm2=sfm2_extension(reply),
        )
        for i, reply in enumerate(replies)
    ]
    usage = usage_of(written=[reply.tokens for reply in replies], read=[reply.tokens for reply in replies[:1]])
    return ChatAnswer(id=head.id, created=head.created, model=head.model, choices=choices, usage=usage)


def end_reason(answer: Completion | Choice | Reply) -> EndReason:
    """Why it ended. OpenAI has no time limits; what one cut short is as unfinished as what the length did."""
    return "stop" if answer.finish_reason == "stop" else "length"


def usage_of(written: Iterable[TokenUsage], read: Iterable[TokenUsage]) -> Usage:
    """Tokens of all completions (`written`), and of each prompt once (`read`)."""
    completion, prompt = sum(one.completion for one in written), sum(one.prompt for one in read)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)


def sfm2_extension(answer: Completion | Reply, choice: Choice | None = None) -> Particulars:
    """What a choice has in `sfm2`. `choice` is another completion of the same prompt, with its own confidence and guard."""
    common = {"model_used": answer.model_used, "adapter": answer.adapter, "fallback": answer.fallback}
    if isinstance(answer, Reply):
        return Particulars.model_validate(common)
    shown = choice or answer
    own = {"confidence": shown.confidence, "calibrated": answer.calibrated, "guard": shown.guard}
    return Particulars.model_validate({**common, **own, "id": None if choice else answer.id})


def completion_logprobs(tokens: Sequence[TokenLogprob] | None, offset: int = 0) -> CompletionLogprobs | None:
    """`offset` is the number of characters before the first token."""
    if tokens is None:
        return None
    return CompletionLogprobs(
        tokens=[token.text for token in tokens],
        token_logprobs=[token.logprob for token in tokens],
        text_offset=list(accumulate((len(token.text) for token in tokens), initial=offset))[:-1],
    )


def chat_logprobs(tokens: Sequence[TokenLogprob] | None) -> ChatLogprobs | None:
    """The same for a reply."""
    if tokens is None:
        return None
    return ChatLogprobs(
        content=[
            ChatLogprob(token=token.text, logprob=token.logprob or 0.0, bytes=list(token.text.encode()))
            for token in tokens
        ]
    )


def without_output(answer: Answer) -> Answer:
    """`answer` for a request of 0 tokens: the prompt was read, and the one token that had to be written is dropped."""
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


def _completion_choice(index: int, choice: Completion | Choice, answer: Completion, echoed: str) -> CompletionChoice:
    return CompletionChoice(
        index=index,
        text=echoed + choice.completion,
        logprobs=completion_logprobs(choice.logprobs),
        finish_reason=end_reason(choice),
        sfm2=sfm2_extension(answer, choice if isinstance(choice, Choice) else None),
    )
