"""The guard at work in the chain: a second try, and going on when nobody is sure."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sfm2.config import Settings, load
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.syntax.rules import ORDER
from sfm2.testing import FunctionBackend, Step
from sfm2.types import (
    Chunk,
    CompleteRequest,
    Completion,
    FinishReason,
    GenerateRequest,
    GuardAction,
    GuardReason,
)


def answering(
    name: str, *texts: str | Exception, logprob: float = -0.1, finish: FinishReason = "stop"
) -> FunctionBackend:
    """Answers its n-th request with the n-th text, and from then on with the last one; three tokens each."""
    left = list(texts)

    def answer(request: GenerationRequest) -> list[Step]:
        text = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(text, Exception):
            return [text]
        return [TokenChunk(text, (logprob,) * 3, 3), TokenChunk("", finish_reason=finish)]

    return FunctionBackend(name, answer)


HOLE = CompleteRequest(prefix="def f(x):\n    y = 1\n    ", suffix="\n    return y\n", path="f.py")


def settings(**arguments: object) -> Settings:
    return load({key.replace("__", "."): value for key, value in arguments.items()}, environment={}).settings


def complete(
    *backends: FunctionBackend, request: CompleteRequest | GenerateRequest = HOLE, **arguments: object
) -> Completion:
    return asyncio.run(AsyncModelManager(settings(**arguments), backends).submit(request))


def test_a_block_that_ends_in_the_last_tokens_has_ended() -> None:
    over = complete(answering("a", "y += x\n\nprint(", finish="length"))
    assert (over.completion, over.finish_reason) == ("y += x", "stop")
    short = complete(answering("a", "y += x\n    y -= ", finish="length"))
    assert (short.completion, short.finish_reason) == ("y += x", "length")


CODE = "z = x + y\n    if z > 2:\n        z = (x,\n             y)\n    print(z)"
RULES = {rule.reason for rule in ORDER}


@hypothesis_settings(deadline=None)
@given(st.integers(1, len(CODE)))
def test_what_the_length_cut_is_unfinished_unless_a_rule_ended_it(written: int) -> None:
    answer = complete(answering("a", CODE[:written], finish="length"))
    by_rule = RULES & set(answer.guard.reasons)
    assert answer.finish_reason == ("stop" if by_rule else "length")


def test_a_useless_completion_is_asked_for_once_more_in_another_form() -> None:
    backend = answering("a", ") ]", "y += x")
    answer = complete(backend)
    assert answer.completion == "y += x"
    assert answer.guard.action is GuardAction.RESAMPLED
    assert answer.guard.reasons == [GuardReason.SYNTAX]
    assert answer.tokens.completion == 6
    first, second = backend.requests
    assert (first.retry, second.retry) == (False, True)
    assert second.sampling.temperature > first.sampling.temperature


def test_only_once() -> None:
    backend = answering("a", ") ]")
    answer = complete(backend)
    assert answer.completion == ""
    assert answer.guard.action is GuardAction.ABSTAINED
    assert answer.confidence == 0
    assert len(backend.requests) == 2


def test_unknown_names_are_worth_another_try_and_no_veto() -> None:
    assert complete(answering("a", "y = helper(x)", "y = x")).completion == "y = x"
    kept = complete(answering("a", "y = helper(x)", "y = other(x)"))
    assert kept.completion == "y = helper(x)"
    assert kept.guard.undefined == ["helper"]


def test_a_second_try_that_fails_leaves_the_first() -> None:
    answer = complete(answering("a", "y = helper(x)", BackendError("died")))
    assert answer.completion == "y = helper(x)"


def test_without_the_guard_the_model_is_not_asked_again() -> None:
    backend = answering("a", ") ]")
    answer = complete(backend, request=HOLE.model_copy(update={"guard": False}))
    assert answer.completion == ") ]"
    assert answer.guard.action is GuardAction.OFF
    assert answer.guard.reasons == [GuardReason.SWITCHED_OFF]
    assert len(backend.requests) == 1


def test_a_stream_that_has_shown_nothing_is_asked_for_once_more() -> None:
    backend = answering("a", ") ]", "    return x")

    async def collect() -> list[Chunk | Completion]:
        request = GenerateRequest(prompt="def f(x):\n", language="python")
        return [item async for item in AsyncModelManager(settings(), [backend]).stream(request)]

    chunk, completion = asyncio.run(collect())
    assert isinstance(chunk, Chunk)
    assert isinstance(completion, Completion)
    assert chunk.text == completion.completion == "    return x"
    assert completion.guard.action is GuardAction.RESAMPLED


def test_an_unsure_answer_goes_on_to_the_next_backend() -> None:
    unsure, sure = answering("a", "y = 2", logprob=-2.0), answering("b", "y = 3", logprob=-0.01)
    answer = complete(unsure, sure, fallback__min_confidence=0.5)
    assert (answer.model_used, answer.completion) == ("b", "y = 3")
    assert [(a.backend, a.reason) for a in answer.fallback] == [("a", "low_confidence")]


def test_when_nobody_is_sure_the_surest_answers() -> None:
    first, second = answering("a", "y = 2", logprob=-1.0), answering("b", "y = 3", logprob=-2.0)
    answer = complete(first, second, fallback__min_confidence=0.9)
    assert (answer.model_used, answer.completion) == ("a", "y = 2")
    assert [(a.backend, a.reason) for a in answer.fallback] == [("b", "low_confidence")]


def test_an_unsure_answer_is_better_than_a_backend_that_fails() -> None:
    answer = complete(
        answering("a", "y = 2", logprob=-1.0), answering("b", BackendError("x")), fallback__min_confidence=0.9
    )
    assert answer.model_used == "a"


def test_every_completion_has_a_name_of_its_own() -> None:
    assert complete(answering("a", "y = 2")).id != complete(answering("a", "y = 2")).id
