"""Who types along a completion, and what is left of it then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sfm2.server.answering.along import (
    OVERLAP,
    SAME,
    Remaining,
    Spot,
    Standing,
    Typed,
    as_chunk,
    may_agree,
    rest_of,
    standing,
    typed_between,
)
from sfm2.server.answering.finished import MOST, FinishedCompletions
from sfm2.server.answering.writing import Writing
from sfm2.types import Chunk, Completion, TokenLogprob

NO_LIMITS = (None, None)
CODE = st.text("ab(){}\"' \n\r\tä🙂", max_size=30)
TOKENS = st.lists(st.text("ab() \nä🙂", max_size=4), min_size=1, max_size=8)


def completion(text: str, **fields: Any) -> Completion:
    known = {"model_used": "a", "confidence": 0.5, "processing_time": 1, "finish_reason": "stop"}
    return Completion.model_validate({**known, "completion": text, "generated_code": "", **fields})


def logprobs_of(tokens: list[str]) -> list[TokenLogprob]:
    return [TokenLogprob(text=text, logprob=-number / 10) for number, text in enumerate(tokens)]


# What was typed.


@given(before=CODE, after=CODE, text=CODE, split=st.integers(0, 30))
def test_what_was_typed_and_the_rest_are_the_completion(before: str, after: str, text: str, split: int) -> None:
    typed = typed_between(Spot(before, after), Spot(before + text[:split], after))
    assert typed == Typed(text[:split])
    rest = rest_of(completion(text), typed, before + typed.text, 0.0)
    assert typed.text + rest.completion == text
    assert rest.generated_code == before + text
    left = text[split:]
    expected = Standing.AGREES if left.strip() or not text[:split] else Standing.DIFFERS
    assert standing(text, typed, whole=True) is expected


@given(before=CODE, after=CODE, text=CODE, split=st.integers(0, 30), other=st.text("xy", min_size=1))
def test_what_was_mistyped_differs(before: str, after: str, text: str, split: int, other: str) -> None:
    typed = typed_between(Spot(before, after), Spot(before + text[:split] + other, after))
    assert typed is not None
    assert standing(text, typed, whole=True) is Standing.DIFFERS


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (Spot("ab", ""), Spot("a", "")),  # deleted
        (Spot("a", "c"), Spot("ab", "d")),  # changed behind the cursor
        (Spot("a", ")"), Spot("ab", "")),
        (Spot("a", ""), Spot("ab", "x")),
        (Spot("a", ""), Spot("a", ")")),  # nothing was typed, which would put it there
        (Spot("xa", ""), Spot("ab", "")),  # another place
    ],
)
def test_another_place_has_another_completion(earlier: Spot, later: Spot) -> None:
    assert typed_between(earlier, later) is None


@given(text=CODE, split=st.integers(1, 30), closers=st.text(")]}\"' ", min_size=1, max_size=3))
def test_closers_that_the_editor_put_behind_the_cursor_are_not_given_twice(text: str, split: int, closers: str) -> None:
    assume(closers.strip() and not closers[-1].isspace() and text[:split])
    typed = typed_between(Spot("x = ", "\n"), Spot("x = " + text[:split], closers + "\n"))
    assert typed == Typed(text[:split], closers)
    if standing(text, typed, whole=True) is Standing.AGREES:
        rest = rest_of(completion(text), typed, "", 0.0)
        assert typed.text + rest.completion + closers == text, "accepted, it makes the same file"
        assert rest.completion.strip()
    assert standing(text, typed, whole=False) is not Standing.AGREES, "the end decides"


def test_a_window_that_begins_further_down_by_now_is_the_same_place() -> None:
    lines = "".join(f"line_{number} = {number}\n" for number in range(200))
    window = Spot(lines + "x = (", "")
    moved = Spot(lines.partition("\n")[2] + "x = (1,\n", "")
    assert typed_between(window, moved) == Typed("1,\n")
    short = Spot(window.before[-OVERLAP + 10 :], "")
    assert typed_between(short, Spot(short.before[9:] + "1", "")) is None, "too little is known to be the same"
    assert typed_between(window, Spot("y" + moved.before[1:], "")) is None


# What is being written.


def test_too_little_is_written_to_tell() -> None:
    assert standing("", Typed("a"), whole=False) is Standing.OPEN
    assert standing("a", Typed("ab"), whole=False) is Standing.OPEN
    assert standing("ab\n", Typed("ab"), whole=False) is Standing.OPEN, "nothing to show yet"
    assert standing("ab\n c", Typed("ab"), whole=False) is Standing.AGREES
    assert standing("b", Typed("ab"), whole=False) is Standing.DIFFERS
    assert standing("", SAME, whole=True) is Standing.AGREES, "the same request has the same answer, an empty one too"


@given(text=CODE, split=st.integers(0, 30), known=st.integers(0, 30))
def test_a_draft_of_what_was_typed_never_differs(text: str, split: int, known: int) -> None:
    assert may_agree(text[:known], Typed(text[:split]))


def test_a_draft_is_not_yet_guarded() -> None:
    assert may_agree("    a = 1\n", Typed("a = 1\r\n"))
    assert not may_agree("b", Typed("a"))


def test_a_draft_that_begins_anew_may_agree_again() -> None:
    writing = Writing("name", Spot("x", ""), NO_LIMITS, None)
    writing.hear("b", True)
    assert writing.typed(Spot("xa", ""), NO_LIMITS) is None
    writing.hear("a", True)
    writing.hear("c", False)
    assert writing.typed(Spot("xa", ""), NO_LIMITS) == Typed("a")
    assert writing.typed(Spot("xa", ""), (1.0, None)) is None, "it has another time"


# Tokens and chunks.


@given(tokens=TOKENS, start=st.integers(0, 40), closed=st.integers(0, 2))
def test_what_is_left_of_a_token_keeps_its_log_probability(tokens: list[str], start: int, closed: int) -> None:
    text = "".join(tokens)
    typed = Typed(text[:start], text[max(len(text) - closed, start) :])
    rest = rest_of(completion(text, logprobs=logprobs_of(tokens)), typed, "", 0.0)
    assert rest.logprobs is not None
    assert "".join(token.text for token in rest.logprobs) == rest.completion
    assert {token.logprob for token in rest.logprobs} <= {token.logprob for token in logprobs_of(tokens)}


@given(tokens=TOKENS, start=st.integers(0, 40), late=st.integers(0, 3), asked=st.booleans())
def test_chunks_of_the_rest_are_the_rest(tokens: list[str], start: int, late: int, asked: bool) -> None:
    """Tokens may come later than their text."""
    texts = [*tokens, *[""] * late]
    known = [*[[]] * late, *[[one] for one in logprobs_of(tokens)]]
    chunks = [Chunk(text=text, logprobs=own if asked else None) for text, own in zip(texts, known, strict=True)]
    remaining = Remaining(start)
    rest = [found for chunk in chunks if (found := remaining.of(chunk)) is not None]
    assert "".join(one.text for one in rest) == "".join(tokens)[start:]
    if asked:
        assert "".join(token.text for one in rest for token in one.logprobs or ()) == "".join(tokens)[start:]


def test_a_completion_is_a_chunk_of_what_was_not_shown() -> None:
    whole = completion("abc", logprobs=logprobs_of(["ab", "c"]), guard={"action": "kept"})
    assert as_chunk(whole, 1) == Chunk(
        text="bc", confidence=0.5, logprobs=[TokenLogprob(text="b", logprob=0), TokenLogprob(text="c", logprob=-0.1)]
    )
    assert as_chunk(whole, 3) is None
    unguarded = as_chunk(completion("a"))
    assert unguarded is not None
    assert unguarded.confidence is None


# What is kept.


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(2, 3_000), st.floats(0, 20)), max_size=60))
def test_it_keeps_at_most_so_many_bytes_for_so_long(puts: list[tuple[int, int, float]]) -> None:
    now = 0.0
    kept = FinishedCompletions(30_000, 30, lambda: now)
    since: dict[int, float] = {}
    for number, size, seconds in puts:
        now += seconds
        kept.put(str(number % 3), Spot(f"{number} ", ""), NO_LIMITS, completion("x" * size))
        since[number] = now
        assert kept.bytes <= 30_000
        for one, at in since.items():
            found = kept.find(str(one % 3), Spot(f"{one} x", ""), NO_LIMITS)
            assert found is not None if one == number else found is None or found.age == now - at <= 30


def test_of_one_place_the_newest_is_given_and_so_many_are_kept() -> None:
    kept = FinishedCompletions(10_000_000, 30)
    for number in range(MOST + 1):
        kept.put("name", Spot(f"{number} = ", ""), NO_LIMITS, completion("ab"))
    kept.put("name", Spot("1 = ", ""), NO_LIMITS, completion("acd"))
    assert kept.find("name", Spot("0 = a", ""), NO_LIMITS) is None
    found = kept.find("name", Spot("1 = a", ""), NO_LIMITS)
    assert found is not None
    assert found.completion.completion == "acd"
    assert kept.find("other", Spot("1 = a", ""), NO_LIMITS) is None
    assert kept.find("name", Spot("1 = ", ""), NO_LIMITS) is None, "nothing was typed"


def test_what_is_too_large_is_not_kept() -> None:
    kept = FinishedCompletions(5_000, 30)
    kept.put("name", Spot("x" * 5_000, ""), NO_LIMITS, completion("ab"))
    assert kept.bytes == 0


def test_what_the_time_cut_is_for_who_has_as_little() -> None:
    kept = FinishedCompletions(50_000, 30)
    kept.put("name", Spot("x", ""), (0.25, None), completion("ab", finish_reason="time"))
    assert kept.find("name", Spot("xa", ""), (0.25, None)) is not None
    assert kept.find("name", Spot("xa", ""), (1.0, None)) is None


def test_who_waits_hears_of_what_comes_and_of_the_end() -> None:
    async def run() -> None:
        writing = Writing("name", Spot("", ""), NO_LIMITS, None)
        tellings: list[Callable[[], None]] = [
            lambda: writing.hear("a", True),
            lambda: writing.add(Chunk(text="a")),
            lambda: writing.fail(ValueError("full")),
        ]
        for tell in tellings:
            waiting = asyncio.create_task(writing.more())
            await asyncio.sleep(0)
            tell()
            await waiting
        await writing.more()  # nothing more comes
        assert writing.typed(Spot("a", ""), NO_LIMITS) is None

    asyncio.run(run())


def test_nobody_begins_to_follow_what_was_told_to_end() -> None:
    async def run() -> None:
        writing = Writing("name", Spot("", ""), NO_LIMITS, None)
        writing.hear("first", anew=True)
        assert writing.typed(Spot("fir", ""), NO_LIMITS) == Typed("fir")
        writing.end()  # it takes a while to
        assert writing.typed(Spot("fir", ""), NO_LIMITS) is None

    asyncio.run(run())
