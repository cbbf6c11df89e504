"""What must be true of every afternoon. A seed that fails is named, and fails again: `make simulate SEEDS=17`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sfm2.types import Choice, Completion
from tests.simulation.world import PROMPTS, TIMEOUT, Afternoon, Asked, lived_through
from tests.virtual_time import run

FIRST, _, LAST = os.environ.get("SFM2_SEEDS", "1-300").partition("-")
SEEDS = range(int(FIRST), int(LAST or FIRST) + 1)
AT_A_TIME = 50


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "sfm2.db"


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [SEEDS[i : i + AT_A_TIME] for i in range(0, len(SEEDS), AT_A_TIME)], ids=str)
def test_no_answer_is_lost_or_doubled(seeds: Sequence[int], store: Path) -> None:
    for seed in seeds:
        try:
            check(run(lived_through(seed, store)))
        except BaseException as failure:
            failure.add_note(f"seed {seed}")
            raise


def check(afternoon: Afternoon) -> None:
    for one in afternoon.asked:
        assert len(one.outcomes) == 1, one
        assert one.seconds <= patience(one, len(afternoon.chain)), one
        for answer in one.answers:
            check_text(one, answer)
        if one.kind == "stream" and one.answers:
            assert one.shown == one.answers[0].completion, one
            if afternoon.calm and one.kind != "batch":  # which makes way
                assert ("sfm2", "timed_out") not in ((tried.backend, tried.reason) for tried in answer.fallback), one
        if "echo" in afternoon.chain and one.fallback and one.kind != "stream":
            assert one.outcomes[0] in ("answered", "left"), one
    assert afternoon.engine_is_idle
    assert not afternoon.lost
    assert afternoon.afterwards.model_used == "sfm2"
    assert afternoon.counters == pytest.approx(dict(afternoon.counted))


def patience(one: Asked, backends: int) -> float:
    """Seconds after which a request has ended: two tries of each backend; of a batch each prompt may wait for the one
    before; a stream, which may take its time for every word."""
    rounds = {"batch": PROMPTS, "stream": one.length + 1}.get(one.kind, 1)
    return 2 * TIMEOUT * backends * rounds + 1


def check_text(one: Asked, answer: Completion) -> None:
    """The words of one writer, in order, none twice, none left out."""
    prompt = answer.generated_code.removesuffix(answer.completion)
    choices: list[Completion | Choice] = [answer, *answer.alternatives]
    for choice in choices:
        written = choice.completion.split()
        writer = written[0].partition("-")[0] if written else ""
        assert written == [f"{writer}-{prompt}.{number}" for number in range(len(written))], one
        if not one.guard and choice.finish_reason == "stop":
            assert len(written) == one.length, one
