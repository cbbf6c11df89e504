"""Which tokens a text is made of, however it was cut, and however it came."""

from __future__ import annotations

import pytest

from sfm2.core.token_log import TokenLog
from sfm2.generation import TokenChunk

NAMES = (" return", " x", "\n", "\n", "def")


def log(*names: str, healed: int = 0) -> TokenLog:
    found = TokenLog()
    logprobs = tuple(-float(i) for i in range(len(names)))
    found.add(TokenChunk("".join(names)[healed:], logprobs, tokens=len(names), token_texts=names, healed=healed))
    return found


def tokens(found: TokenLog) -> list[tuple[str, float | None]]:
    return [(token.text, token.logprob) for token in found.all or ()]


def test_each_has_its_own() -> None:
    found = log(*NAMES)
    found.show("".join(NAMES), last=True)
    assert tokens(found) == [(name, -float(i)) for i, name in enumerate(NAMES)]


def test_what_was_cut_is_left_out_and_half_a_token_keeps_its_own() -> None:
    found = log(*NAMES)
    found.show(" return x", last=True)
    assert tokens(found) == [(" return", 0.0), (" x", -1.0)]
    found = log(*NAMES)
    found.show(" ret", last=True)
    assert tokens(found) == [(" ret", 0.0)]


def test_what_was_closed_has_none() -> None:
    found = log("f(", "a")
    found.show("f(a)", last=True)
    assert tokens(found) == [("f(", 0.0), ("a", -1.0), (")", None)]


def test_what_the_model_wrote_again_does_not_count() -> None:
    found = log(" return", " x", healed=4)
    found.show("urn x", last=True)
    assert tokens(found) == [("urn", 0.0), (" x", -1.0)]


def test_a_fence_in_front_does_not_count() -> None:
    found = log("```", "python\n", "x", " = 1")
    found.show("x = 1", last=True)
    assert tokens(found) == [("x", -2.0), (" = 1", -3.0)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_chunks_of_any_size_give_the_same(size: int) -> None:
    found, text, taken = log(*NAMES), "".join(NAMES)[:-3], []
    for start in range(0, len(text), size):
        found.show(text[start : start + size])
        taken += found.take() or []
    found.show("", last=True)
    taken += found.take() or []
    assert [(token.text, token.logprob) for token in taken] == tokens(found)
    assert "".join(token.text for token in taken) == text


def test_a_backend_that_does_not_tell_them_is_not_made_up_for() -> None:
    found = TokenLog()
    found.add(TokenChunk("x = 1", (-0.1, -0.2), tokens=2))
    found.show("x = 1", last=True)
    assert found.all is None
    assert found.take() is None


def test_what_a_line_is_made_of() -> None:
    found = log(*NAMES)
    text = "".join(NAMES)
    assert found.logprobs_between(text.index("def"), len(text)) == [-4.0]
    assert found.logprobs_between(0, text.index("\n") + 1) == [0.0, -1.0, -2.0]
    assert found.logprobs_between(1, 10) == [-1.0, -2.0]  # a token that began before belongs to what is before
    assert found.logprobs_between(len(text), len(text) + 9) == []
    assert log(" return", " x", healed=4).logprobs_between(3, 5) == [-1.0]
