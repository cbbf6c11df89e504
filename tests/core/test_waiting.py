"""What a caller gets who has waited as long as the server allows, and what becomes of a stream that nobody has seen yet."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.config import load
from sfm2.core import AsyncModelManager
from sfm2.errors import BackendError, OverloadedError
from sfm2.testing import FunctionBackend, ScriptedBackend, Step, forever
from sfm2.types import Chunk, CompleteRequest, Completion, ExplainRequest, Explanation

HOLE = CompleteRequest(prefix="def f(x):\n    ", suffix="\n    return y\n", path="f.py")
CODE = "y = x + 1\n    if y > 2:\n        y = (x,\n             2)\n    y = y * 2"


def manager(*backends: FunctionBackend, timeout: float = 0.2) -> AsyncModelManager:
    return AsyncModelManager(load({"generation.timeout": timeout}, environment={}).settings, backends)


async def streamed(items: AsyncGenerator[Chunk | Completion, None]) -> tuple[list[str], Completion]:
    found = [item async for item in items]
    answer = found.pop()
    assert isinstance(answer, Completion)
    return [item.text for item in found if isinstance(item, Chunk)], answer


def ask(models: AsyncModelManager, watched: bool) -> tuple[list[str], Completion]:
    """The chunks, and the completion."""
    if watched:
        return asyncio.run(streamed(models.stream(HOLE)))
    return [], asyncio.run(models.submit(HOLE))


@settings(deadline=None)
@given(st.integers(1, len(CODE)), st.integers(1, 20))
def test_at_the_time_limit_there_is_what_parses_so_far(written: int, size: int) -> None:
    text = CODE[:written]
    pieces = [text[at : at + size] for at in range(0, written, size)]
    models = manager(ScriptedBackend("a", *pieces, forever, logprob=-0.01), timeout=0.02)
    try:
        _, answer = ask(models, watched=False)
    except OverloadedError:
        assert "\n" not in text.rstrip(), "one line at least was whole"
        return
    assert answer.finish_reason == "time"
    assert CODE.startswith(answer.completion.rstrip())
    ast.parse(HOLE.prefix + answer.completion + HOLE.suffix)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("unusable", [(), (") ]",)], ids=["nothing", "nothing of use"])
def test_with_nothing_to_show_by_then_the_next_backend_is_asked(watched: bool, unusable: Sequence[Step]) -> None:
    first = ScriptedBackend("a", *unusable, forever)
    chunks, answer = ask(manager(first, ScriptedBackend("b", "y = 2")), watched)
    assert (answer.model_used, answer.completion) == ("b", "y = 2")
    assert [(attempt.backend, attempt.reason) for attempt in answer.fallback] == [("a", "timed_out")]
    assert "".join(chunks) == ("y = 2" if watched else "")
    assert first.running == 0


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("unusable", [(), (") ]",)], ids=["nothing", "nothing of use"])
def test_and_without_another_the_server_is_overloaded(watched: bool, unusable: Sequence[Step]) -> None:
    models = manager(ScriptedBackend("sfm2", *unusable, forever))
    with pytest.raises(OverloadedError, match=r"sfm2: .* 0\.2 s") as caught:
        ask(models, watched)
    assert caught.value.retry_after is not None
    assert caught.value.status == 503


def test_what_was_shown_of_a_stream_stays_when_it_falls_silent() -> None:
    chunks, answer = ask(manager(ScriptedBackend("a", "y = x\n", "    y = (", forever)), watched=True)
    assert chunks == ["y = x"]
    assert (answer.completion, answer.finish_reason) == ("y = x", "time")


def test_even_blanks_stay() -> None:
    models = manager(ScriptedBackend("a", "\n    ", forever), ScriptedBackend("b", "y = 2"))
    hole = HOLE.model_copy(update={"guard": False})
    chunks, answer = asyncio.run(streamed(models.stream(hole)))
    assert "".join(chunks) == answer.completion


def test_an_explanation_that_falls_silent_ends_there() -> None:
    models = manager(ScriptedBackend("a", "It adds", " two", forever))
    answer = asyncio.run(models.submit(ExplainRequest(code="a + b")))
    assert isinstance(answer, Explanation)
    assert (answer.explanation, answer.finish_reason) == ("It adds two", "time")


def test_a_stream_that_fails_before_any_of_it_was_shown_is_begun_again_by_the_next_backend() -> None:
    models = manager(ScriptedBackend("a", "y = (", BackendError("died")), ScriptedBackend("b", "y = 2"))
    chunks, answer = ask(models, watched=True)
    assert (chunks, answer.model_used) == (["y = 2"], "b")
    assert [(attempt.backend, attempt.reason) for attempt in answer.fallback] == [("a", "failed")]


def test_and_one_that_fails_later_is_an_error() -> None:
    second = ScriptedBackend("b", "y = 2")
    models = manager(ScriptedBackend("a", "y = x\n", "    y = (", BackendError("died")), second)
    with pytest.raises(BackendError, match="died"):
        ask(models, watched=True)
    assert second.requests == []


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["y = x\n", "    ", "y = 1", "\n", "    if x:\n", "(", ")", "        ", "# no\n"]), max_size=12
    )
)
def test_a_stream_ends_as_the_whole_does(pieces: list[str]) -> None:
    def models() -> AsyncModelManager:
        return manager(ScriptedBackend("a", *pieces), timeout=5)

    chunks, answer = ask(models(), watched=True)
    _, whole = ask(models(), watched=False)
    assert "".join(chunks) == answer.completion
    own = {"id", "processing_time"}
    if chunks[1:]:  # what was shown stays, even where the whole would have been better
        own |= {"generated_code", "completion", "guard", "confidence", "tokens"}
    assert answer.model_dump(exclude=own) == whole.model_dump(exclude=own)


def test_each_chunk_says_how_sure_it_is_and_only_of_what_is_judged() -> None:
    async def confidences(request: CompleteRequest | ExplainRequest) -> list[float | None]:
        models = manager(FunctionBackend("a", lambda _: ["y = x\n", "    y = 1\n", "    y = 2"], logprob=-0.1))
        return [item.confidence async for item in models.stream(request) if isinstance(item, Chunk)]

    found = asyncio.run(confidences(HOLE))
    assert len(found) >= 2
    assert all(one is not None and 0 < one < 1 for one in found)
    assert set(asyncio.run(confidences(HOLE.model_copy(update={"guard": False})))) == {None}
    assert set(asyncio.run(confidences(ExplainRequest(code="x")))) == {None}
