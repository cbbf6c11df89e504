"""From a request to its result: one retry within the time, and on to the next backend while none is sure."""

from __future__ import annotations

import asyncio
import time

import pytest

from sfm2.config import Settings, load
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError, ModelUnavailableError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.testing import FunctionBackend, ScriptedBackend, Step
from sfm2.types import CompleteRequest, Completion, GuardAction

HOLE = CompleteRequest(prefix="def f(x):\n    y = 1\n    ", suffix="\n    return y\n", path="f.py")
USELESS = ") ]"
"""What the guard keeps nothing of."""


def settings(**arguments: object) -> Settings:
    return load({key.replace("__", "."): value for key, value in arguments.items()}, environment={}).settings


def complete(*backends: FunctionBackend, **arguments: object) -> Completion:
    return asyncio.run(AsyncModelManager(settings(**arguments), backends).submit(HOLE))


def retrying(name: str, first: str, *again: Step) -> FunctionBackend:
    """Streams `first`, and for a retry the steps `again`."""

    def answer(request: GenerationRequest) -> tuple[Step, ...]:
        return again if request.retry else (first,)

    return FunctionBackend(name, answer)


def sure(name: str, text: str, logprob: float) -> ScriptedBackend:
    return ScriptedBackend(name, text, logprob=logprob)


def tried(completion: Completion) -> list[tuple[str, str]]:
    return [(attempt.backend, attempt.reason) for attempt in completion.fallback]


def test_a_retry_that_takes_too_long_leaves_the_first_completion() -> None:
    first = retrying("a", "y = helper(x)", 5.0, "y = x")
    started = time.monotonic()
    completion = complete(first, ScriptedBackend("b", "y = 2"), generation__timeout=0.3)
    assert time.monotonic() - started < 3
    assert (completion.model_used, completion.completion) == ("a", "y = helper(x)")
    assert tried(completion) == []
    assert (len(first.requests), first.running) == (2, 0), "the retry was stopped"


def test_the_retry_has_only_the_time_that_the_first_try_left() -> None:
    def answer(request: GenerationRequest) -> list[Step]:
        return [0.3, "y = x"] if request.retry else [0.3, "y = helper(x)"]

    assert complete(FunctionBackend("a", answer), generation__timeout=0.45).completion == "y = helper(x)"
    assert complete(FunctionBackend("a", answer), generation__timeout=3).completion == "y = x"


def test_an_abstention_whose_retry_fails_goes_on_to_the_next_backend() -> None:
    completion = complete(retrying("a", USELESS, BackendError("died")), ScriptedBackend("b", "y = 2"))
    assert (completion.model_used, completion.completion) == ("b", "y = 2")
    assert tried(completion) == [("a", "failed")]


def test_the_next_backend_has_its_own_retry() -> None:
    second = retrying("b", USELESS, "y = 2")
    completion = complete(retrying("a", USELESS, BackendError("died")), second)
    assert (completion.model_used, completion.completion) == ("b", "y = 2")
    assert completion.guard.action is GuardAction.RESAMPLED
    assert len(second.requests) == 2


def test_without_fallback_a_retry_that_fails_is_an_error() -> None:
    second = ScriptedBackend("b", "y = 2")
    models = AsyncModelManager(settings(), [retrying("sfm2", USELESS, BackendError("died")), second])
    with pytest.raises(ModelUnavailableError, match="sfm2: died"):
        asyncio.run(models.generate_with_sfm2(HOLE.prefix, suffix=HOLE.suffix, language="python"))
    assert second.requests == []


def test_the_first_that_is_sure_enough_answers_and_the_fallback_is_in_order() -> None:
    third = sure("c", "y = 4", -0.01)
    completion = complete(
        sure("a", "y = 2", -2.0), sure("b", "y = 3", -1.0), third, sure("d", "y = 5", 0), fallback__min_confidence=0.9
    )
    assert (completion.model_used, completion.completion) == ("c", "y = 4")
    assert tried(completion) == [("a", "low_confidence"), ("b", "low_confidence")]


def test_one_that_fails_between_two_unsure_ones_keeps_its_place() -> None:
    completion = complete(
        sure("a", "y = 2", -2.0),
        ScriptedBackend("b", BackendError("died")),
        sure("c", "y = 4", -0.01),
        fallback__min_confidence=0.9,
    )
    assert completion.model_used == "c"
    assert tried(completion) == [("a", "low_confidence"), ("b", "failed")]


@pytest.mark.parametrize(
    ("logprobs", "best", "others"), [((-1, -2, -3), "a", "bc"), ((-2, -1, -3), "b", "ac"), ((-3, -2, -1), "c", "ab")]
)
def test_when_none_is_sure_enough_the_surest_of_three_answers(
    logprobs: tuple[float, ...], best: str, others: str
) -> None:
    backends = [sure(name, f"y = {name!r}", logprob) for name, logprob in zip("abc", logprobs, strict=True)]
    completion = complete(*backends, fallback__min_confidence=0.99)
    assert completion.model_used == best
    assert tried(completion) == [(name, "low_confidence") for name in others]


def test_an_unsure_answer_is_kept_when_the_next_abstains_and_its_retry_fails() -> None:
    completion = complete(
        sure("a", "y = 2", -2.0), retrying("b", USELESS, BackendError("died")), fallback__min_confidence=0.9
    )
    assert (completion.model_used, completion.completion) == ("a", "y = 2")
    assert tried(completion) == [("b", "failed")]


def test_tokens_count_what_the_answering_backend_made_in_both_tries() -> None:
    def answer(request: GenerationRequest) -> list[Step]:
        return [TokenChunk("y = x" if request.retry else USELESS, (-0.1,), tokens=3)]

    completion = complete(ScriptedBackend("a", "half", BackendError("died")), FunctionBackend("b", answer))
    assert completion.tokens.completion == 6
