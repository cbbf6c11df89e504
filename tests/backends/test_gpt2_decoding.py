"""Choosing a token: the same distributions as transformers' own logits processors, and seeds of its own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from transformers import (  # noqa: E402
    RepetitionPenaltyLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from sfm2.backends.gpt2.decoding import choose, likeliest, nucleus, penalized  # noqa: E402
from sfm2.types import SamplingParams  # noqa: E402

pytestmark = pytest.mark.hf

LOGITS = torch.randn(50, generator=torch.Generator().manual_seed(0)) * 3
SEEN = torch.tensor([3, 7, 7, 21])


@pytest.mark.parametrize("penalty", [0.5, 1.0, 1.3, 2.0])
def test_repetition_penalty(penalty: float) -> None:
    expected = RepetitionPenaltyLogitsProcessor(penalty)(SEEN[None], LOGITS[None].clone())[0]
    assert torch.equal(penalized(LOGITS, SEEN, penalty), expected)


@pytest.mark.parametrize("count", [1, 5, 49, 50, 1000])
def test_top_k(count: int) -> None:
    assert torch.equal(likeliest(LOGITS, count), TopKLogitsWarper(count)(SEEN[None], LOGITS[None].clone())[0])


def test_top_k_of_zero_keeps_every_token() -> None:
    assert torch.equal(likeliest(LOGITS, 0), LOGITS)


@pytest.mark.parametrize("mass", [1e-9, 0.3, 0.9, 0.999, 1.0])
def test_top_p(mass: float) -> None:
    assert torch.equal(nucleus(LOGITS, mass), TopPLogitsWarper(mass)(SEEN[None], LOGITS[None].clone())[0])


def draw(sampling: SamplingParams, seed: int = 0) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return [choose(LOGITS, SEEN, sampling, generator) for _ in range(200)]


@pytest.mark.parametrize("temperature", [0.0, 5e-324, 1e-5, 1e-3])
def test_temperature_zero_and_next_to_it_takes_the_likeliest(temperature: float) -> None:
    assert set(draw(SamplingParams(temperature=temperature))) == {int(LOGITS.argmax())}


def test_the_temperature_widens_the_choice() -> None:
    assert len(set(draw(SamplingParams(temperature=0.2)))) < len(set(draw(SamplingParams(temperature=2.0))))


def test_only_the_given_generator_counts() -> None:
    sampling = SamplingParams(temperature=1.0)
    torch.manual_seed(1)
    first = draw(sampling)
    torch.manual_seed(2)
    assert draw(sampling) == first != draw(sampling, seed=1)
