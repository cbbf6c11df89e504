"""Training an adapter on a small model: what it learns, and that interruptions do not change the result."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from sfm2.errors import InvalidRequestError  # noqa: E402
from sfm2.finetune.encoding import TokenSequence  # noqa: E402
from sfm2.finetune.packing import batch, pack  # noqa: E402
from sfm2.finetune.training import Trained, TrainingProgress, TrainingSettings, train, with_adapter  # noqa: E402

pytestmark = [
    pytest.mark.hf,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

VOCABULARY = 40
SETTINGS = TrainingSettings(rank=4, alpha=8, learning_rate=0.01, rows=2, steps=6, save_every=100)


def small() -> Any:
    torch.manual_seed(0)
    return transformers.Qwen2ForCausalLM(
        transformers.Qwen2Config(
            vocab_size=VOCABULARY,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            tie_word_embeddings=False,
        )
    )


def sequences(count: int = 24) -> list[TokenSequence]:
    """Sequences of a number and the next three: a pattern that can be learnt."""
    random = Random(0)
    starts = [random.randrange(VOCABULARY - 4) for _ in range(count)]
    return [TokenSequence(tuple(range(start, start + 4)), 3) for start in starts]


def run(folder: Path, settings: TrainingSettings = SETTINGS, stop_after: int | None = None) -> Trained:
    steps: list[TrainingProgress] = []
    trained = train(
        with_adapter(small(), settings),
        list(pack(sequences(), 16)),
        settings,
        folder,
        report=steps.append,
        stop=lambda: stop_after is not None and len(steps) + 1 >= stop_after,
    )
    assert [one.step for one in steps] == [step for step, _ in trained.losses][-len(steps) :]
    return trained


def numbers(trained: Trained) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in trained.model.named_parameters() if "lora" in name}


def test_it_learns_the_middles(tmp_path: Path) -> None:
    trained = run(tmp_path, TrainingSettings(rank=8, alpha=16, learning_rate=0.03, rows=2, epochs=20))
    assert trained.finished
    assert trained.losses[-1][1] < trained.losses[0][1] - 0.3
    base = {name: value for name, value in trained.model.named_parameters() if "lora" not in name}
    fresh = dict(with_adapter(small(), SETTINGS).named_parameters())
    assert all(torch.equal(value, fresh[name]) for name, value in base.items()), "the base stays as it was"
    assert not any("lm_head" in name for name in numbers(trained))


def test_interrupted_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    first = run(tmp_path / "parts", stop_after=2)
    assert (whole.finished, first.finished) == (True, False)
    assert len(first.losses) == 2
    again = run(tmp_path / "parts")
    assert again.finished
    assert again.losses == whole.losses
    expected, found = numbers(whole), numbers(again)
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_the_loss_is_of_the_learnt_tokens_alone(tmp_path: Path) -> None:
    model = with_adapter(small(), SETTINGS)
    [row] = pack([TokenSequence((1, 2, 3, 4, 5), 2), TokenSequence((7, 8, 9), 1)], 16)
    made = batch([row])
    with torch.no_grad():
        expected = model(**made).loss.item()
    settings = TrainingSettings(rank=4, alpha=8, learning_rate=0.0, rows=1, steps=1)
    trained = train(with_adapter(small(), SETTINGS), [row], settings, tmp_path)
    assert trained.losses[0][1] == pytest.approx(expected, abs=0.02)  # one of them in bfloat16


def test_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no example fits"):
        train(with_adapter(small(), SETTINGS), [], SETTINGS, tmp_path)
